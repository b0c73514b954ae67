"""Cards: a picture with the title of each page, which other sites show beside a link (Open Graph, ``og:image``).

1. `card` draws one card with Pillow, in the font that `plugins.typography.font` finds.
2. `plugin` gives templates the function ``draw_card``. A card is drawn when the first page asks for it, and kept by its words.
"""
