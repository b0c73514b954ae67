"""The site's settings for Pelican. What is published, and by whom, is in ``publications.toml``."""

import datetime as dt
import os

from plugins.clock import build_moment

SITENAME = "とどけ"
SITEURL = ""  # addresses are root-relative: every mirror serves the same bytes
TIMEZONE = "Asia/Tokyo"
DEFAULT_LANG = "ja"
DEFAULT_DATE_FORMAT = "%Y-%m-%d"

PATH = "content"
OUTPUT_PATH = "output/site"
THEME = "themes/miyagi"
PUBLICATIONS = "publications.toml"
SITE_ADDRESS = os.environ.get("TODOKE_SITE_URL", "")  # empty: the address of publications.toml

# Pelican calls the functions of each signal in this order, which counts in four places:
# - `content_loader` provides the library, which every other plugin asks for, and `checks` at the same signal.
# - `magazine` comes before `furigana`: when the gate refuses an issue, no page has been copied in vain.
# - `incremental` comes after the plugins that add filters and functions to a template environment: it makes the first one serve all generators.
# - `checks` comes last: its page counts the pages of all others.
PLUGINS = [
    "plugins.builder.content_loader",
    "plugins.typography.plugin",
    "plugins.publications.plugin",
    "plugins.emergency.plugin",
    "plugins.progress.plugin",
    "plugins.events.plugin",
    "plugins.situation.plugin",
    "plugins.magazine.plugin",
    "plugins.announcements.plugin",
    "plugins.images.plugin",
    "plugins.cards.plugin",
    "plugins.structured_data.plugin",
    "plugins.search.plugin",
    "plugins.furigana.plugin",
    "plugins.partners.plugin",
    "plugins.incremental.plugin",
    "plugins.checks.plugin",
]
NOW: dt.datetime = build_moment(os.environ)

# `plugins.publications` writes the pages of documents. For Pelican's own generators there are none.
ARTICLE_PATHS: list[str] = []
PAGE_PATHS: list[str] = []
READERS = dict.fromkeys(("html", "htm", "rst", "md"))  # no readers: `plugins.frontmatter` reads the sources
STATIC_PATHS: list[str] = []  # `plugins.publications.static_files` copies what a public document names
THEME_STATIC_PATHS: list[str] = []
CACHE = "var/cache"  # encoded images, cards, mails, by content; may be deleted at any time

# The library compares dates with NOW. Pelican would compare them with the clock, and a build would not be reproducible.
WITH_FUTURE_DATES = True
# The same slug in two publications is two articles. Pelican would take them for translations of one.
ARTICLE_TRANSLATION_ID = None
PAGE_TRANSLATION_ID = None
SUMMARY_MAX_LENGTH = None

# `plugins.publications` makes every page that lists documents.
DIRECT_TEMPLATES: list[str] = []
CATEGORY_SAVE_AS = ""
AUTHOR_SAVE_AS = ""
TAG_SAVE_AS = ""
DRAFT_SAVE_AS = ""
FEED_ALL_ATOM = None
CATEGORY_FEED_ATOM = None
TRANSLATION_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None

# Pelican does not turn autoescape on.
JINJA_ENVIRONMENT = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True, "extensions": []}
DELETE_OUTPUT_DIRECTORY = False  # `plugins.builder.run` builds into a new folder, so there is nothing to delete
CACHE_CONTENT = False
