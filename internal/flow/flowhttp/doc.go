// Package flowhttp shows matters of any kind: the desk, a matter's page with its moves, the forms of moves, approvals,
// why a date is that date, what is due with whom, what rose by itself. Pages read the lifecycle tables, so that a new
// kind of matter needs no page of its own; an area adds what only it knows through Kinds.
//
// The words: a Kind says how an area's matters are listed and what facts stand beside them; a look is the names needed
// to show one page (units, people, terms), read at once.
//
// Invariants: a handler decodes, calls one use case, renders; what the reader may not see is not read; beside every
// date stands why, beside every move its article.
//
// Start at Pages.Routes; matter.go makes the matter's page.
package flowhttp
