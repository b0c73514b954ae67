"""SQL: the only door to the tables, on SQLite and PostgreSQL.

`engine` opens a database and migrates it (`migrations`); `schema` has the tables. Each other module answers one group of questions. Every
write of a delivery's state is built by `transitions`; the two statements written for speed are in `claim_statements` and
`result_statements`.
"""
