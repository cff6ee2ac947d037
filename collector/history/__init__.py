"""History: measures, tables and stores. Public."""
