// Package bench makes a province and measures it: the database that every figure in docs/benchmarks.md is taken over, and
// the program that takes them over HTTP with real sessions.
//
// The words: the model is the demonstration city, built small by package demo through the use cases that people use; its
// log is real, entry by entry. A family is a root matter of the model with everything that belongs to it, from the report
// to the closed case: rows, duties, signatures, sums. A clone is a family written once more under new keys, into another
// township, county and city, about other people of that place, on other days, straight into the tables. A place is a
// city's units with who works in them and who is under supervision there.
//
// What always holds: rows are as the program itself would have written them, for they were; every cloned row stands with
// its digest in a bulk act of its county's log, so that verify holds for the whole database and nobody can take a
// generated one for one that people worked in; sums are those of the rows; the same seed gives the same families in the
// same places. One of Whole families is cloned with all its duties and signatures, of the others ended duties of the office
// itself and signatures given are left out: a province has more of them than the ten minutes that generating may take.
//
// Start at Generate for the database, at Run for the figures.
package bench
