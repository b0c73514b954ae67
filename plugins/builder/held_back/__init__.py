"""Hides which version of each source a build reads, so that one department's mistake holds up nobody else.

1. A build reads the checkout as it is. If all of it holds, nothing of this package is loaded.
2. If not, `selection` puts another version in the place of each file at fault: the last one that held, from the `history` of the checkout. A file
   that never held stays out. The build runs again, from a folder with the chosen versions (`chosen_files`), until nothing is wrong any more.
   Outside of a repository, the sources of the `last_good` build serve.
3. `report` names what was held back, for people and for programs.

So the rest of a build knows nothing of all this, and its result is that of a checkout with those files as they last held (decision 0081).
"""
