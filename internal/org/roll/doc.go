// Package roll keeps the register of officials (监察对象名册) true (M5): who is in it by unit, and the changes that units file
// themselves.
//
// The words: a filing (备案; not a duty's, package duty) is a change that a unit says has happened: somebody came under supervision, changed post, or left. It
// is a matter of the county, of a kind of its own, with a clock on the desk of whoever sees to personnel there. The register
// changes with its confirmation, by somebody other than who filed it, and not before.
//
// Invariants: nobody but officials of the six statutory kinds is ever filed; of one entry one filing is open at most; a filing
// says name, post, rank and kind, and nothing of home, wealth or family; nothing here knows of any report, clue or case.
//
// Start at Service.File and the table in flow.go.
package roll
