// Package badday does to the built program what bad days do: it is killed in the middle of everything, its disk fills up
// or turns read-only, its database server dies, stalls, refuses or hands over to another. It holds tests only.
//
// The words: a deployment is a small city in a database of its own with everybody's sessions in it; a server is the real
// program serving it, as a process that can be killed; a crowd is clerks who enter tip-offs and accept them over HTTP, each
// write under an Idempotency-Key and sent again, as it was, until it is answered. Whatever was answered is in the crowd's
// books, and the books are held against the database: nothing that was acknowledged may be missing, nothing may be there
// twice, and `qianshao verify` must find that everything agrees, with what it found before still there.
//
// A gap is the longest time between two acknowledged writes, whoever made them: what a city feels of a bad day.
//
// The gate runs short versions. make crash, make ha and make soak run this package with its flags raised. What needs
// root, or a program that is not installed, is skipped and says so.
//
// Start at newDeployment, then crowd.
package badday
