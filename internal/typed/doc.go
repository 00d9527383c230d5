// Package typed takes in what people typed into a form: it mends each text, bounds it, and gathers what is wrong, beside the
// field it is wrong in, so that all of it is said at once and nothing that was typed is lost.
//
// The words: a *line* has no breaks, a *para* may have them. A *day* is one of the calendar that somebody can have meant: before
// Oldest it was mistyped. What was left empty is wrong only where something must stand.
//
// Invariants: what Clean lets through holds no control characters and nothing that turns the direction of writing, so that a
// text reads in a page, a log line and a paper as it was typed. A field that is found wrong is still mended: the form shows it
// again as it will be taken.
//
// Start at Form. Rooms say with Say what only they know; engines of flows check the fields they declare by themselves
// (flow.Field), with the same Clean.
package typed
