"""SQL: the only door to the tables, on SQLite and PostgreSQL.

`engine` opens a database and migrates it (`migrations`); `schema` has the tables. `deliveries` asks and
writes what is sent to whom, `readers` who gets what, `returned` what came back. Each module answers one group of questions. Every write of a
delivery's state is built by `deliveries.transitions`; the two statements written for speed are in `deliveries.claim_statements` and
`deliveries.result_statements`.
"""
