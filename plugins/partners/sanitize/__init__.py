"""The sanitizer. It hides how a stranger's HTML becomes the few elements that a page of ours may hold. Pure; runs in the sandbox.

``sanitizer.sanitize`` returns a body; ``sanitizer.html_from_text`` makes HTML of plain text first; ``sanitizer.final_pass`` is for whoever changes a sanitized body.
The steps: ``foreign`` replaces drawings, formulas and components, nh3 makes a well-formed tree of anything, ``media``, ``image_marks`` and ``normalizer`` (with ``mend``) change the tree, nh3 has the last word. ``elements`` says which elements are kept.
Nothing is raised on purpose; a library's error ends the document (``sandbox.child``).
"""
