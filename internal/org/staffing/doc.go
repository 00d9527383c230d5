// Package staffing sees to it that the posts of township commissions are filled (M2, M4): what is vacant and who owes to fill it, who has
// been long enough in a post to move on, whom the county commission agreed to beforehand, who could follow.
//
// The words: a vacancy (空缺) is a post of a township's establishment that nobody holds, from the day on; somebody who stands in
// fills nothing. A rotation (交流) is somebody whose years in such a post come to an end. Both are matters of the county, of a
// kind of their own, which open and close by themselves; each has its clock, on the desk of whoever sees to personnel there. A
// consent (事前同意) is what the county commission's leaders answer before anybody is appointed to such a post, or moved from it,
// with its paper. The bench (后备) of a post is who of the township could follow, by the rulebook.
//
// Invariants: a post has one open vacancy at most, a holding one open rotation; nobody is confirmed in such a post without a
// consent for that very appointment; nothing here knows of any report, clue or case, so that a person who is named in one looks
// like anybody else; every number is computed from holdings, never from what this room wrote.
//
// Start at the tables in flow.go; Service.Sweep is what opens and closes by itself.
package staffing
