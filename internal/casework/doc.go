// Package casework carries a case along the straight path: filing, investigation, review by people who took no part,
// decision, delivery, announcement, enforcement, closing.
//
// The words: a case begins where a verification found enough; its track is the Party's, supervision's, or both. The
// sanction is decided by a body of the rulebook's matrix (kind × body × rank), collectively, on a day. Review (审理) is
// no hearing: two or more people of the review office who did not verify or investigate.
//
// Invariants: whoever verified or investigated reviews nothing of the same family; no sanction is decided by a body
// that the matrix does not let decide it; the person is shown the facts and heard before the review; enforcement is
// reported, and an ending without a sanction answers the question of clearing the name.
//
// Start at the table in flow.go; effects are in moves.go.
package casework
