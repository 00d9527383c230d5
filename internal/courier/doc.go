// Package courier carries what lies in one side's spool to the other's, where no wire joins the two: sealed letters from the
// public side to the work side, sealed answers and the directory back, in bundles on a disc or in a folder both can reach.
//
// The words: a side is portal or work; a line is what a side tells the other of itself when they are paired, its public keys;
// a bundle is one file, signed by the side that made it and sealed to the other, numbered, with the digest of the one before
// it and the number of the last that came from the other side; what was told is what the public side has acknowledged.
//
// What always holds: nothing of a bundle takes effect before the whole of it was read, kept here and found to be signed by the
// other side; everything that was not acknowledged goes again, so that a bundle that is lost, doubled, late or cut off costs
// nothing but a journey; a letter leaves the public side when the work side's answer about it is on disk there, and not before;
// whatever is interrupted can be done again. A bundle says to whoever carries it how large it is, and nothing else.
//
// Start at Courier.Out and Courier.In; the form of a bundle is in bundle.go.
package courier
