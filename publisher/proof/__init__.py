"""Proof for an auditor, who believes nobody: the package hides how a release is built anew and compared, and how everything that proves it is packed.

1. `checkout` and `reproduction`: the commit of a release in an empty folder, built with the parameters that the release names, compared byte for byte.
2. `pack`, from `mailer_part`, `masking` and `sbom`; `archive` writes the zip; `needs` and `index_page` say what shows what; `check_chain` goes along.
3. `wacz`: a release for web archives.
"""
