"""The documents of the checkout: Markdown with YAML front matter → typed, frozen documents; every mistake with file, line and what to write instead.

1. `parse.source` cuts a file into front matter and body, and keeps the line of every key.
2. `parse.parser` validates the front matter with the model of its content type (`model.content_types`) and gives the document its permalink.
3. With all headers known, it parses the body and resolves links, images and attachments (`parse.links`).
4. `load` does this in several processes, and takes documents whose source did not change from a cache.
5. `library.read_library` joins the steps. A single mistake raises `plugins.diagnostics.ContentErrors` with all of them, before anything is written.
"""
