"""Hides how sources and the built site are judged, and what the page アクセシビリティ検証結果 says of both.

1. `rules`: the rules on one source; each is a value with a function that finds its hits.
2. `levels`, `inspection`: which rules count, and all of them over all sources. `repair` writes what is safe to write.
3. `built`: HTML, links and weight of the finished site.
4. `results` makes the page; `plugin` runs `inspection` in every build.
"""
