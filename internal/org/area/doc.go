// Package area groups the townships of a county into areas (片区), each with an area supervision group (片区监察组): a leader of
// the county and one of its offices at the head, several townships behind it.
//
// The words: an area is a dated set of townships with a name, a leader and the office that leads. It is a second relation
// beside the tree of units and no parent in it: registers, logs, counts and sight stay where they are. A plan is all areas of a
// county from a day on; adopting one is an act, and ends the plan before. Neighbours are what a county enters about which of its
// townships border on each other. The planner proposes plans; the load of a township is how many people it has under
// supervision, weighed by how many of its posts are held: load = people × (posts + 1) ÷ (held + 1).
//
// What a proposal costs, in millionths, each part from 0 (as good as can be) to about 1:
//
//	level   how far the loads of the areas are from their mean, added up, as a part of the whole load
//	spread  how far apart townships of one area lie, all pairs added up, as a part of all pairs of the county. How far is how
//	        many borders lie between; where no neighbours were entered, how far apart the division codes stand
//	pieces  half a point for every piece beyond the first that an area falls into, weighed as spread is
//	ties    what is known to tie the leaders to those they would lead, as a part of the most it could be
//	moved   townships whose area another office leads than the one that looks after them now, as a part of all
//
// The cost of a plan is the sum of the parts, each times its weight; the three proposals weigh them differently. What is
// looked for is the cheapest plan: townships are put to areas greedily from several beginnings, and moved and changed about
// while that makes it cheaper. The same question has the same answer.
//
// Invariants: every township that is open is in one area of a plan and in no other; nothing in a cost looks at clues, cases or
// their number; a tie is a hint and no reproach: how many there are is shown, never whose.
//
// Start at Solve, then Service.Adopt.
package area
