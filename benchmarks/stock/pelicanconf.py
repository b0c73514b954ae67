"""Stock Pelican on the same articles: its own readers, generators and writer; templates of like content."""

SITENAME = "とどけ みやぎ復興ポータル"
SITEURL = ""
FEED_DOMAIN = "https://todoke.example.jp"
TIMEZONE = "Asia/Tokyo"
DEFAULT_LANG = "ja"
THEME = "benchmarks/stock"
ARTICLE_PATHS = ["fukko-press", "musubimaru", "mailmaga"]
STATIC_PATHS = ["images", "data"]
PAGE_PATHS = ["nothing"]
USE_FOLDER_AS_CATEGORY = True
PATH_METADATA = r"(?P<category>[^/]+)/.*"
ARTICLE_URL = "{category}/{date:%Y}/{date:%m}/{slug}/"
ARTICLE_SAVE_AS = "{category}/{date:%Y}/{date:%m}/{slug}/index.html"
SLUGIFY_SOURCE = "basename"
ARTICLE_TRANSLATION_ID = None
DIRECT_TEMPLATES = ["index"]
MONTH_ARCHIVE_SAVE_AS = "archive/{date:%Y}/{date:%m}/index.html"
FEED_ALL_ATOM = "feed.xml"
CATEGORY_FEED_ATOM = "{slug}/feed.xml"
FEED_MAX_ITEMS = 30
AUTHOR_SAVE_AS = ""
DEFAULT_PAGINATION = False
