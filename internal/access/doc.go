// Package access answers the first of the five questions: who may do this, here?
//
// The words: a unit is any node of the tree (province, city, county, township, village, office, station). An organ is
// the commission of a province, city or county: it has a register of matters and a log. A post stands at a unit; a
// holding is a person in a post from one day to another, and is the only source of authority: there is no second list
// of grants. A post's kind gives its holder roles, a role gives permissions, each reaching over the whole organ or
// over the one unit. A person signs in as one holding.
//
// A Scope is what an actor may see under one permission, compiled to a condition on the columns level, county_id and
// handler_id of a matter. Only this package makes one, and no matter is read without one.
//
// Bars take sight away whatever the role: a person *named* in a family of matters finds no trace of it, a person
// *recused* by decision finds no rows (statistics stay), nor does a *namesake* of somebody named until it is answered
// whether they are the same. A hint bars nobody.
//
// Invariants: authority is read anew for every request, so that a revoked post or a decided recusal acts on the next
// one; out of scope reads exactly as absent; whoever writes a thing does not approve it, even by delegation; where a
// unit has no second lawful hand, Route finds the next one up the ladder and says why.
//
// Start at Actor and Scope; Load reads an actor, Hands finds who could sign.
package access
