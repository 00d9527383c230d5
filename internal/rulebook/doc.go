// Package rulebook holds the rules as data: how long, on which grounds, by whose approval, under which name.
//
// The files are rulebook/*.yaml at the root of the module, embedded in the binary: one kind of entry a file, or several
// files that begin with its name (terms-case.yaml). Each entry says which regulation and article it rests on (Basis),
// how sure we are of that (Sure: the article's text was read, a secondary source was, nothing was, it is this
// deployment's own choice), from when to when it holds, and what happens to running matters when a later version comes
// (Transition). A file with an unknown word, a missing name, a regulation nobody listed or two versions in force on one
// day is refused at start with its file, line and reason.
//
// The words: a Timer is a length of time with its start, extension and warnings; a Term is one entry of a closed
// list (grounds, disposals, outcomes, sanctions, channels, ranks …); a Chain is who must approve a move for a matter
// with certain facts; a Document is the name and text of an official paper.
//
// Invariants: the package decides nothing and reads no clock and no database: it is asked "which version holds on
// this day" and answers. Counties may override a Timer only inside the bounds that its entry leaves open (Adjust).
// Code holds no number of days.
//
// Start at Book and Load; the rules themselves are in the YAML files.
package rulebook
