// Package db opens the one database of a deployment, SQLite in the process or PostgreSQL, and is the only place that
// knows either driver.
//
// The words: a Reader answers queries for one tenant; a Tx is a Reader that may also write. Both are bound to the
// tenant when they are made, and give it to every statement as its first parameter, $1: an area writes
// "WHERE city_id = $1 AND id = $2" and passes the id only. Shared tables (sign-in names, tenants, jobs) have no
// tenant; Shared gives a handle that binds nothing.
//
// Invariants:
//   - One SQL text serves both engines: $n placeholders and the portable subset; the linter (lint.go), on in every
//     test, refuses a statement on a business table that does not name the tenant, and words that one engine lacks.
//   - A transaction has one instant (Tx.Now), takes its write lock at once on SQLite, may run its function again after
//     a deadlock or a lost connection before commit, and never carries a request's cancellation into a commit.
//   - Write is called by ledger, jobs and migrate alone, Scratch only touches the tables of its closed list. Package
//     arch holds callers to that.
//   - Text order is by code point on both engines: SQLite's default, and PostgreSQL is refused unless its collation
//     is C.
//
// Start at Open, then Tx in tx.go; engine differences are in sqlite.go and postgres.go.
package db
