// Package envelope holds the forms in which a report crosses from the public side to the work side, and what is said of it
// comes back: what a reporter keeps, what lies in between, and what the office reads.
//
// The words: a receipt is sixteen digits that only the reporter has; from it, and by no way back, come the name that its
// report is found by, the key that answers are sealed to, and the salt of the commitment. A letter is what the reporter
// wrote. An envelope is the letter sealed to the organ chosen and to the level above (D13), with the little outside that
// routing and clocks need while every key is locked: which organ, which day, whether a name stands in it. A status is what
// the reporter is told: who has it, what happened, by which day they are answered; it is sealed so that the receipt opens
// it. A word is what the reporter says after that, sealed to whoever has the report by then. The directory is what the public side knows of the other: units to choose from, organs and their public keys.
//
// What always holds: an envelope says nothing of who is reported, by whom, or of what; its day is a day and no instant,
// and its length is padded; what stands outside is bound to what lies inside; the commitment ties the letter's bytes to
// the day without letting anybody guess them; the receipt itself is in no file of either side.
//
// Start at NewReceipt, Seal, Status and Word.
package envelope
