package portal_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestOwnPeople: a report about somebody who works in a commission is read by the organ above it, whatever level was
// chosen, and the page says so and asks again; about anybody else it is read where it was meant to.
func TestOwnPeople(t *testing.T) {
	w := newWorld(t)
	for _, x := range []struct{ unit, post, reads string }{
		{"甲县", "县纪委书记", city}, {"甲县", "纪委书记", city}, {"甲县", "纪 委 副 书 记", city}, {"甲县", "县委常委、县纪委书记、县监委主任", city}, {"甲县", "监委委员", city},
		{"甲县", "县纪委监委第一纪检监察室科员", city}, {"甲县", "信访室干部", city}, {"甲县", "案件审理室主任（副科级）", city}, {"甲县", "纪检监察干部", city}, {"甲县", "原县纪委书记", city},
		{"甲县", "县纪委书记的司机", city}, {"甲县", "县监察委员会 委员", city}, {"甲县", "县纪检委书记", city},
		{"甲县纪委监委", "信访室主任", city}, {"甲县纪委", "门卫", city}, {"XX市甲县纪委监委", "主任", city}, {"中共甲县纪律检查委员会", "干部", city}, {"县纪委 甲县", "科员", city}, {"甲县县委", "纪委书记", city},
		{"石桥镇", "县纪委书记", city}, {"石桥镇县纪委监委", "主任", city}, {"石桥镇柳林村", "甲县纪委驻村干部", city}, {"甲县教育局", "县纪委派驻纪检监察组组长", city}, {"甲县教育局", "纪检组组长", city}, {"甲县教育局", "驻局纪检监察组干部", city},
		{"石桥镇", "市纪委副书记", province}, {"XX市", "纪委监委主要负责人", province}, {"XX市纪委监委", "办公室科员", province}, {"石桥镇", "县纪委副书记，挂职市纪委第三室", city}, {"石桥镇", "县纪委副书记，市监委委员", province},

		{"石桥镇", "纪委书记", countyA}, {"石桥镇", "镇纪委书记", countyA}, {"石桥镇纪委", "书记", countyA}, {"甲县石桥镇纪委", "专职干事", countyA}, {"石桥镇党委", "纪委书记", countyA}, {"石桥镇", "纪检监察联络站站长", countyA},
		{"甲县", "县委书记", countyA}, {"甲县", "书记", countyA}, {"甲县", "信访局局长", countyA}, {"甲县教育局", "纪委书记", countyA}, {"甲县教育局", "局长", countyA}, {"甲县城管局", "监察大队队长", countyA}, {"甲县", "县教育局纪委书记", countyA},
		{"乙县农业农村局", "办公室主任", countyB}, {"XX市", "市教育局局长", city},
	} {
		f := typed("unit", x.unit, "post", x.post, "level", "county")
		a := w.post(f)
		if meant := x.reads == countyA || x.reads == countyB; meant || a.Code == http.StatusOK {
			if !meant || a.Code != http.StatusOK {
				t.Errorf("%s %s: %d", x.unit, x.post, a.Code)
			}
			continue
		}
		own := !strings.HasSuffix(x.post, "局长")
		if said := strings.Contains(a.body, "您反映的是纪委监委自己的人"); said != own {
			t.Errorf("%s %s: said %v", x.unit, x.post, said)
		}
		a.has(t, "已替您改成"+x.reads, f["only"])
		f["level"] = map[string]string{city: "city", province: "province"}[x.reads]
		e, _ := w.letter(t, w.post(f).receipt(t), x.reads)
		for name, private := range w.private {
			if _, _, err := e.Open(private); own && (name == countyA || name == countyB || name == city && x.reads == province) && err == nil {
				t.Errorf("%s %s: %s opens it", x.unit, x.post, name)
			}
		}
	}

	// Where nobody stands above, the highest reads, and says so.
	f := typed("unit", "石桥镇", "post", "省纪委副书记")
	a := w.post(f)
	a.has(t, "只能由"+province+"接收")
	w.post(typed("unit", "石桥镇", "post", "省纪委副书记", "level", "province", "text", "")).has(t, "只能由"+province+"接收")
	w.post(typed("unit", "石桥镇", "post", "县纪委副书记", "level", "province", "text", "")).has(t, "由上一级接收，他们自己看不到")
	f["level"] = "province"
	w.letter(t, w.post(f).receipt(t), province)

	// Where the unit is in no directory, what was typed is read all the same.
	f = typed("unit", "县纪委", "post", "科员", "organ", unitID(3).String())
	w.post(f).has(t, "您反映的是纪委监委自己的人", `<option value="`+unitID(2).String()+`" selected>`)
	f["organ"] = unitID(2).String()
	e, _ := w.letter(t, w.post(f).receipt(t), city)
	if _, _, err := e.Open(w.private[countyA]); err == nil {
		t.Error("the commission opens what is said about its own people")
	}
	w.letter(t, w.post(typed("unit", "某厂", "post", "纪委书记", "organ", unitID(3).String())).receipt(t), countyA)
}
