// Package supervise keeps what a commission looked at on the spot (M14), and how many of the officials it answers for were reached
// by it (M5).
//
// The words: a check (监督检查) is a day in a unit: at what it looked, who went, what it came to. It reaches (覆盖) the unit's officials by
// their kind, of the six; the coverage of a place is the share of its officials who were reached in the twelve months up to a day. An
// inspection of what post holders are made to do is another thing (package duty).
//
// Invariants: nobody is named in a check, so that nobody's page shows that they were looked at; a commission's check never covers the
// commission's own people, whom the organ above looks at; what a check found is no text here, it takes its own way as a clue or a task to
// put right; a visit that verifies a clue is never entered, since those who are looked into may read the checks of their own unit; the
// number of checks is no measure of anybody's work, only whom none has reached; a check by an organ above stands on the burden account of
// the township that it was in, in the same act.
//
// Start at Service.Enter and Service.Parts.
package supervise
