"""Images: each picture of ``content/images/`` is served in the sizes and formats that browsers need, and never as its original.

1. `variants` decides widths, formats and addresses.
2. `encode` makes each file with Pillow, once; it keeps them by the hash of the original and of the encoders.
3. `picture_tag` writes ``<picture>`` with all candidates of a picture.
4. `plugin` makes what is missing before the first page, and copies it to the site.

Mails and old pages use the permalink of a picture (``/images/…``), which stays one file of at most 1152 pixels. Browsers get the responsive set below
``/pictures/<hash>/``.
"""
