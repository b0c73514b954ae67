"""Cards: a picture with the title of each page, which other sites show beside a link (Open Graph, ``og:image``).

1. `font` finds a Japanese font: a setting, an extra of this package, or the system's.
2. `card` draws one card with Pillow.
3. `plugin` gives templates the function ``draw_card``. A card is drawn when the first page asks for it, and kept by its words.
"""
