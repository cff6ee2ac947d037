"""What all pages share: routes, sessions, errors, streams."""
