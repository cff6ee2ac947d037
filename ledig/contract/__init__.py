"""Writes what is generated from the code: AsyncAPI, the broker's access rules, tables and a diagram of documents."""
