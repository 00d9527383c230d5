package portal_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"qianshao/internal/platform/envelope"
)

// TestUnits: what people write is found: a name, with those above it or without, a part of it, or something in it. Where
// several may be meant they are offered, with all that was typed; where none is, the organ is chosen.
func TestUnits(t *testing.T) {
	w := newWorld(t)
	for typedUnit, organ := range map[string]string{
		"石桥镇": countyA, " 石 桥 镇。": countyA, "甲县石桥镇": countyA, "XX市甲县石桥镇": countyA, "ｘｘ市甲县石桥镇": countyA, "甲县城关镇": countyA, "乙县城关镇": countyB,
		"柳林村": countyA, "石桥": "", "农业农村局": countyB, "石桥镇农业综合服务中心": countyA, "XX市甲县教育局": countyA, "乙县城关镇中心小学": countyB, "甲县柳林村小组": countyA, "城关镇": "", "城关镇中心小学": "", "县": "", "某厂": "", "。": "",
	} {
		a := w.post(typed("unit", typedUnit))
		if organ == "" {
			if a.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s is taken for something: %d", typedUnit, a.Code)
			}
			continue
		}
		if e, l := w.letter(t, a.receipt(t), organ); l.Unit != strings.TrimSpace(typedUnit) || e.Named {
			t.Errorf("%s: %+v", typedUnit, l)
		}
	}
	// What lies in a unit is not the unit.
	if _, l := w.letter(t, w.post(typed("unit", "石桥镇农业综合服务中心")).receipt(t), countyA); !l.UnitID.Zero() {
		t.Errorf("a body of the township is taken for the township: %s", l.UnitID)
	}

	a := w.post(typed("unit", "城关镇"))
	a.has(t, "这个单位名有好几处", "XX市甲县", "XX市乙县", "都不是", "签字那天只有我在场")
	a = w.post(typed("unit", "城关镇", "text", "", "post", "", "level", ""))
	if i, j, k := strings.Index(a.body, `href="#unit_id"`), strings.Index(a.body, `href="#post"`), strings.Index(a.body, `href="#text"`); i < 0 || j < i || k < j {
		t.Errorf("what is wrong is not listed as it stands on the page: %d, %d, %d", i, j, k)
	}
	a = w.post(typed("unit", "城关镇", "unit_id", unitID(15).String()))
	if _, l := w.letter(t, a.receipt(t), countyB); l.UnitID != unitID(15) {
		t.Errorf("%+v", l)
	}
	a = w.post(typed("unit", "城关镇", "unit_id", unitID(17).String())) // one that was not offered
	a.has(t, "这个单位名有好几处")
	a = w.post(typed("unit", "城关镇", "unit_id", "none"))
	a.has(t, "目录里没有这个单位", countyA, countyB, city, province)

	// Whoever changes the name after that is understood.
	w.letter(t, w.post(typed("unit", "乙县城关镇", "unit_id", "none")).receipt(t), countyB)

	// Two characters of a name are no name.
	a = w.post(typed("unit", "农村"))
	a.has(t, "是这一个吗", "乙县农业农村局")
	w.letter(t, w.post(typed("unit", "农村", "unit_id", unitID(17).String())).receipt(t), countyB)
	w.post(typed("unit", "农村", "unit_id", "none")).has(t, "目录里没有这个单位")

	a = w.post(typed("unit", "某厂"))
	a.has(t, "目录里没有这个单位", "签字那天只有我在场")
	a = w.post(typed("unit", "某厂", "organ", unitID(4).String()))
	a.has(t, countyB)
	if _, l := w.letter(t, a.receipt(t), countyB); l.Unit != "某厂" || !l.UnitID.Zero() {
		t.Errorf("%+v", l)
	}
	w.post(typed("unit", "某厂", "organ", "x")).has(t, "目录里没有这个单位")
}

// TestLevels: the level chosen reads; somebody whom a higher level manages is read about there, and the page says so and
// asks again; an organ without a key is not offered.
func TestLevels(t *testing.T) {
	w := newWorld(t)
	for level, organ := range map[string]string{"county": countyA, "city": city, "province": province} {
		a := w.post(typed("level", level))
		if e, _ := w.letter(t, a.receipt(t), organ); level == "province" && !e.Above.Zero() {
			t.Errorf("above the top: %s", e.Above)
		}
		a.has(t, organ)
	}
	a := w.post(typed("rank", "county"))
	a.has(t, "不归您选的那一级管，已替您改成"+city, `value="city" checked`, "签字那天只有我在场")
	if a.Code != http.StatusUnprocessableEntity || len(w.in(t, "in")) != 3 {
		t.Errorf("%d: it is lodged unasked", a.Code)
	}
	a.hasNot(t, `id="l-county"`)
	e, _ := w.letter(t, w.post(typed("rank", "county", "level", "city")).receipt(t), city)
	if _, _, err := e.Open(w.private[countyA]); err == nil {
		t.Error("the level that does not manage them opens it")
	}
	w.post(typed("rank", "bureau", "level", "city")).has(t, "已替您改成"+province)
	a = w.post(typed("unit", "某厂", "organ", unitID(3).String(), "rank", "county"))
	a.has(t, "已替您改成"+city, `<option value="`+unitID(2).String()+`" selected>`)
	w.letter(t, w.post(typed("unit", "某厂", "organ", unitID(2).String(), "rank", "county")).receipt(t), city)

	d := *w.d
	d.Organs = slices.Clone(d.Organs)
	d.Organs[2].Key = envelope.AddressKey{}
	w.d = &d
	w.post(typed()).has(t, "没有您选的那一级，已替您改成"+city)
	for i := range d.Organs {
		d.Organs[i].Key = envelope.AddressKey{}
	}
	w.d = &envelope.Directory{Organs: d.Organs, Units: d.Units}
	w.post(typed()).has(t, "现在都还收不了网上的材料")
	if n := len(w.in(t, "in")); n != 5 {
		t.Errorf("%d reports", n)
	}
}

// TestDirectoryOfAProvince: 60,000 units are found in the time of a page, and units that lie in each other end nothing.
func TestDirectoryOfAProvince(t *testing.T) {
	w := newWorld(t)
	d := *w.d
	d.Units = slices.Clone(d.Units)
	for i := range 60_000 {
		d.Units = append(d.Units, envelope.Unit{ID: unitID(100 + i%9000), Name: fmt.Sprintf("第%d村", i), In: unitID(13), Organ: unitID(3)})
	}
	d.Units = append(d.Units, envelope.Unit{ID: unitID(21), Name: "圈", In: unitID(22), Organ: unitID(3)}, envelope.Unit{ID: unitID(22), Name: "环", In: unitID(21), Organ: unitID(3)})
	w.d = &d
	w.letter(t, w.post(typed("unit", "石桥镇第59999村")).receipt(t), countyA)
	w.post(typed("unit", "村民小组")).has(t, "目录里没有这个单位")
	w.letter(t, w.post(typed("unit", "环圈环圈")).receipt(t), countyA)
	start := time.Now()
	w.post(typed("unit", strings.Repeat("石桥镇第", 30_000))).has(t, "这一栏写得太长了")
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a name of 120,000 characters takes %s", took)
	}
	w.post(typed("unit", strings.Repeat("环圈", 60))).has(t, "目录里没有这个单位")
	a := w.post(typed("unit", "第5"))
	if n := strings.Count(a.body, `name="unit_id"`); n != 21 {
		t.Errorf("%d are offered", n)
	}
}
