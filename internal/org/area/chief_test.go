package area

import "testing"

// The chief leads an area only where there are too few others.
func TestChiefLeadsLast(t *testing.T) {
	b := &Board{Leaders: []Leader{{Kind: "vice"}, {Kind: "office_head"}, {Kind: "principal"}}, Ties: [][]int64{{0}, {0}, {0}}, Townships: make([]Township, 3)}
	for groups, want := range map[int]int{1: 2, 2: 2, 3: 3} {
		if n := len(b.Problem(groups).Leaders); n != want {
			t.Errorf("for %d areas there are %d leaders, want %d", groups, n, want)
		}
	}
}
