"""A handler in a process of its own, which AWS's runtime clients run and this package plays Lambda for."""
