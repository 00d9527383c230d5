// Package intake takes in what is said about officials' conduct: letters, calls, visits, what other organs pass on and
// what supervision found, as a clerk of the organ enters it.
//
// The words: a tip-off is what came in; a slip stands for one about somebody whom a higher level manages, or about the
// organ's own chief: it says that it was passed on and when, and nothing else, because nothing else may be kept here.
// A repeat is a tip-off like one that is here already; it joins that one, and its reporter keeps a due of their own.
// Accepting a tip-off puts a clue into the county's pool; 转办 and 交办 put it straight into a lower unit's hands.
//
// Invariants: the reporter's name and words are sealed before they touch the disk and stand in no act and no index; a
// tip-off is declined on one of the three lawful grounds or not at all; a named reporter's acceptance notice and result
// notice are obligations with dates; the day received and the day entered are both kept.
//
// Start at Enter and the table in flow.go.
package intake
