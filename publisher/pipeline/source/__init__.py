"""Where the content comes from: a commit, and what no commit has yet."""
