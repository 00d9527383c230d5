package org

import (
	"testing"

	"qianshao/internal/access"
)

// What the words of a report say of a commission's leaders, and what only sounds like it.
func TestSaidAt(t *testing.T) {
	t.Parallel()
	county, town, city := access.Unit{Kind: "county", Name: "云渡县", Short: "云渡"}, access.Unit{Kind: "township", Name: "石桥镇", Short: "石桥镇"}, access.Unit{Kind: "city", Name: "XX市"}
	for _, c := range []struct {
		u          access.Unit
		here       bool
		body, post string
		want       string
	}{
		{county, true, "", "县纪委书记", "principal"},
		{county, true, "", "纪委书记", "principal"},
		{county, true, "", "纪 委　书 记", "principal"},
		{county, true, "", "云渡县纪委监委主要负责人", "principal"},
		{county, true, "", "中共云渡县纪律检查委员会书记", "principal"},
		{county, true, "", "县委常委、县纪委书记、县监委主任", "principal"},
		{county, true, "县纪委监委", "书记", "principal"},
		{county, true, "县纪委监委", "主任", "principal"},
		{county, true, "云渡县纪委", "一把手", "principal"},
		{county, true, "县委", "纪委书记", "principal"},
		{county, true, "", "监察委员会主任", "principal"},
		{county, true, "", "县纪委县监委主任", "principal"},
		{county, true, "", "县纪委副书记、县监委副主任", "vice"},
		{county, true, "纪委监委", "副书记", "vice"},
		{county, false, "", "县纪委书记", "principal"}, // said of one of its townships
		{county, false, "", "纪委书记", ""},
		{town, true, "", "纪委书记", "secretary"},
		{town, true, "", "石桥镇纪委副书记", "deputy"},
		{town, true, "", "县纪委书记", ""},
		{city, false, "", "市纪委副书记", "vice"},
		{county, true, "", "市纪委副书记", ""},
		{county, true, "", "县纪委书记（副处级，2020—2024年）", "principal"},
		{county, true, "", "县委书记", ""},
		{county, true, "", "书记", ""},
		{county, true, "县教育局", "纪委书记", ""},
		{county, true, "", "县教育局纪委书记", ""},
		{county, true, "", "县纪委书记的司机", ""},
		{county, true, "县纪委监委", "机关党支部书记", ""},
		{county, true, "县纪委监委", "第一纪检监察室主任", ""},
		{county, true, "县纪委监委", "第一纪检监察室副主任", ""},
		{county, true, "", "县纪委办公室主任", ""},
		{county, true, "", "县纪委书记（某企业）联络员", ""},
	} {
		if got := saidAt(c.u, c.here, c.body, c.post); got != c.want {
			t.Errorf("%s %q %q: %q, want %q", c.u.Name, c.body, c.post, got, c.want)
		}
	}
}

// A title that says more than its kind of post is left as it is.
func TestUsual(t *testing.T) {
	t.Parallel()
	for _, k := range access.PostKinds {
		if len(usual[k.Kind]) == 0 {
			t.Errorf("%s has no usual title", k.Kind)
		}
	}
	for title, want := range map[string]bool{"纪委书记": true, "secretary": true, "": true, "纪工委书记": true, "镇纪委书记": true, "党委委员、纪委书记": false, "主持工作的副书记": false} {
		if Usual("secretary", title) != want {
			t.Errorf("%q: %v", title, !want)
		}
	}
}
