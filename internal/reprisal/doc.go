// Package reprisal watches over those who reported and asked for it: whether something happens to their work that may be
// retaliation (打击报复). It is asked of the organ above the one that has the report, and known there alone.
//
// The words: a plea is what somebody asks, in the clear nowhere but on their own screen and on the alert's; a watch is a plea in
// force, for the time that the rulebook sets; a turn is something that happened to somebody's work, as the roster and the
// register know it (package org); an alert is a matter in the register of the organ that watches: something happened to the
// work of somebody of that name. Whether it is they, and whether the report has to do with it, is for a person to say.
//
// Invariants: without a plea nothing is kept; a plea is sealed to the organ that watches and to no other, and a watch's row says
// nothing of the report, of the organ that has it, or of anybody; turns are looked for only while that organ's key is unlocked,
// and looking is no use of the key; whoever asked ends it at any time, by what only their receipt gives or through that organ's
// intake office, and then all that was sealed of it is gone; alerts are among nobody's numbers.
//
// Start at Service.Compare and the table in flow.go.
package reprisal
