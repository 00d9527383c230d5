package commission_test

import (
	"testing"

	"qianshao/internal/commission"
)

// TestLeadersArePeople: whoever is found to lead a commission is found among its people, however it is said; those who work
// for a leader are people and lead nothing; those of something that lies in the place are neither.
func TestLeadersArePeople(t *testing.T) {
	for _, here := range []bool{true, false} {
		p := commission.At("云渡县", "云渡", here)
		leaders, people := 0, 0
		for _, body := range []string{"", "县委", "县纪委监委", "云渡县", "教育局"} {
			for _, post := range []string{"县纪委书记", "纪委书记", "书记", "主任", "云渡县监察委员会副主任", "中共云渡县纪律检查委员会书记", "县委常委、县纪委书记", "纪 委　副 书 记", "云渡纪委一把手", "县纪委书记（副处级）", "局长", "县纪委书记的司机", "县纪委办公室主任"} {
				found := commission.Of([]commission.Place{p}, body, post) == 0
				if found {
					people++
				}
				if p.Leads(body, post) == commission.Nobody {
					continue
				}
				if leaders++; !found {
					t.Errorf("here %v: %s %s leads, and is none of its people", here, body, post)
				}
			}
		}
		if leaders < 10 || people <= leaders {
			t.Errorf("here %v: %d leaders, %d people", here, leaders, people)
		}
	}
}

// TestNearest: of several commissions the highest that is named; what names no place is said of the nearest.
func TestNearest(t *testing.T) {
	chain := []commission.Place{commission.At("江北市", "江北", true), commission.At("XX市", "XX", false), commission.At("某省", "", false)}
	for post, want := range map[string]int{"纪委书记": 0, "市纪委书记": 0, "江北市纪委书记": 0, "XX市纪委干部": 1, "省纪委干部": 2, "市纪委书记、省纪委委员": 2, "驻局纪检监察组组长": 0, "市长": -1, "": -1} {
		if got := commission.Of(chain, "", post); got != want {
			t.Errorf("%q is of %d, want %d", post, got, want)
		}
	}
	if commission.Of(nil, "纪委", "书记") != -1 {
		t.Error("of nobody")
	}
}
