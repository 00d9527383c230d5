// Package api answers programs: the same use cases that the pages call, as JSON under /api/v1.
//
// The words: an operation (op) is one address and method with the shapes it takes and gives; the table of all of them is
// what is mounted and what the OpenAPI 3.1 document is made from, so that neither can hold what the other lacks. A shape
// is a struct of this package, never a row: what stands in it is what the reader may know. Bodies of moves are described
// from the lifecycle tables themselves, field by field, with the choices in force on the day.
//
// Matters are listed newest first (soonest first where the view asks for what is due) and read on from a cursor; GET
// …/moves says what is open to the caller, what each move needs, who would sign, and why another is shut; POST …/moves
// makes one. What concerns a deadline (more time, a pause, its end, urging, having read it) has the same pair of addresses
// under the clock, because no lifecycle table lists it; recusals and delegations are lists that say what is open beside
// what there is. A proposal is signed, given back or withdrawn at its own address. A write may carry an Idempotency-Key:
// the same key and body give the first answer again, another body 409. Program tokens come as Authorization: Bearer; a
// browser's session serves too.
//
// Invariants: a handler decodes, calls one use case, answers; no statement is made here; out of scope, recused from and
// named in read as 404 and never as anything else; a move that is another's is 403 with the reason; errors are RFC 9457
// documents with the faults beside the fields' own paths, and never the values sent; nobody below the organ learns from
// a source, a mark or a filter that there was a report.
//
// Start at API.Routes; openapi.go makes the document, schema.go the shapes' descriptions.
package api
