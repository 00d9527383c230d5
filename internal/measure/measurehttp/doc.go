// Package measurehttp shows measures: all of them for a unit (/measures), and the rows behind one (/measures/{name}),
// and answers programs (GET /api/v1/measures).
//
// The words: a unit is asked for by id or by division code; a code is read as of the last day asked for. A province has
// no rows of its own: its number is the sum over the cities under it, and its rows are theirs, one city after another.
// Whoever may open the rows of a number sees it as it is; for anybody else room measure withholds of it what could point at
// somebody who reported, and the page says so and why. Only rows that the reader may open are listed.
//
// Invariants: an unknown measure, unit or day is refused and never reaches a statement; a list of rows is bounded and
// says when there are more.
//
// Start at Pages.Routes; words.go turns the codes in cells into what people read.
package measurehttp
