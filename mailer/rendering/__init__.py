"""Issue in, edition out: templates, MJML, inlining, plain text, and the preflight of what came out."""
