"""Next page: what an answer says of a page behind it: links, tokens, flags, words."""
