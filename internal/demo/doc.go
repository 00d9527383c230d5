// Package demo builds XX city: a made-up prefecture with 11 counties and 160 townships in which three years of work have
// been done, through the same use cases that people use.
//
// The words: a story is what happens to one report, clue or case, step by step, each step by somebody who holds the post
// on that day; the builder walks through the working days and lets every story take its next step when its time has
// come. A story that reaches the day of today stays where it is: that is what stands on the desks. A worker is one of the
// commission's people; who they are changes as posts are filled and left.
//
// Invariants: nothing is written but by use cases and bulk acts of the personnel clerks; the same seed and day give the
// same city, sealed contents apart; no name, number or code belongs to a real place or person. The file is built aside
// and takes its name when it is complete.
//
// Start at Build; the figures that the staffing comes to are in people.go, the steps in stories.go and cases.go.
package demo
