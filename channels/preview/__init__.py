"""The page on which a person sees every post as its network would cut it, and from which the texts can be copied when no network can be reached by us."""
