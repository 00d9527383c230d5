package exchange_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/sheet"
)

// tab is a sheet of a test's workbook: its rows by number.
type tab struct {
	name string
	rows map[int][]string
}

func book(t *testing.T, f sheet.Format, tabs ...tab) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := sheet.Begin(&b, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tabs {
		if err := w.Sheet(sheet.Layout{Name: x.name}); err != nil {
			t.Fatal(err)
		}
		for n := range 40 {
			if cells, ok := x.rows[n]; ok {
				if err := w.Put(n, cells); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tabs(t *testing.T, b []byte) []tab {
	t.Helper()
	r, err := sheet.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []tab
	for {
		row, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(out) == 0 || out[len(out)-1].name != row.Sheet {
			out = append(out, tab{row.Sheet, map[int][]string{}})
		}
		out[len(out)-1].rows[row.N] = row.Cells
	}
}

func take(t *testing.T, w *apptest.World, kind string, b []byte, dry bool) exchange.Report {
	t.Helper()
	return bring(t, w, access.ByOperator(apptest.City), kind, string(b), dry)
}

func annotated(t *testing.T, w *apptest.World, kind string, b []byte, f sheet.Format) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	err := w.App.Exchange.Annotate(bytes.NewReader(b), int64(len(b)), take(t, w, kind, b, true), &out, f, locale.Zh)
	return out.Bytes(), err
}

func expect(t *testing.T, got []tab, want ...tab) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d sheets, want %d: %v", len(got), len(want), got)
	}
	for i, x := range want {
		if got[i].name != x.name || len(got[i].rows) != len(x.rows) {
			t.Errorf("sheet %q: %v\nwant %q: %v", got[i].name, got[i].rows, x.name, x.rows)
		}
		for n, cells := range x.rows {
			if !slices.Equal(got[i].rows[n], cells) {
				t.Errorf("sheet %q row %d: %q, want %q", x.name, n, got[i].rows[n], cells)
			}
		}
	}
}

// TestErrorSheetIsTheSameSheet holds that what comes back is what was sent, with the reasons right of everything, and
// that it can be mended and sent again, more than once.
func TestErrorSheetIsTheSameSheet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for _, f := range []sheet.Format{sheet.XLSX, sheet.CSV} {
			name := map[sheet.Format]string{sheet.XLSX: "石桥的", sheet.CSV: ""}[f]
			first := tab{name, map[int][]string{
				1: {"监察对象名册"},
				2: {"填报单位", "", "", "", "", "", "2026年10月"},
				4: {"单位", "姓名", "职务", "职级", "监察对象类别", "纳入日期"},
				5: {"石桥镇", "=甲", "副镇长", "副科级", "c1", "45356"},
				7: {"石桥镇", "乙", "副镇长", "不知道", "c1", "", "", "这里有一句备注"},
				8: {"", "", "", "", "", "", "", "", "右边的"},
			}}
			in := book(t, f, first)
			out, err := annotated(t, w, "officials", in, f)
			if err != nil {
				t.Fatal(err)
			}
			back := tab{name, map[int][]string{
				1: first.rows[1], 2: first.rows[2],
				4: append(slices.Clone(first.rows[4]), "", "", "", "需要修改"),
				5: {"石桥镇", "=甲", "副镇长", "副科级", "c1", "2024-03-05"}, // a day, where Excel kept a number
				7: append(slices.Clone(first.rows[7]), "", "职级：没有“不知道”这一项，请按模板填写"),
				8: first.rows[8],
			}}
			if f == sheet.XLSX {
				expect(t, tabs(t, out), back)
			} else {
				back.name = ""
				expect(t, tabs(t, out), back)
			}
			// Sent back as it is, the reasons are given anew, not a second time.
			again, err := annotated(t, w, "officials", out, f)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, tabs(t, again), back)
			// Mended, with the reasons left where they are, it is taken.
			back.rows[7][3] = "副科级"
			rep := take(t, w, "officials", book(t, f, back), true)
			if !rep.Clean() || rep.Counts[exchange.New] != 2 {
				t.Errorf("%s mended: %s", f, does(rep))
			}
			if again, err = annotated(t, w, "officials", book(t, f, back), f); err != nil {
				t.Fatal(err)
			}
			back.rows[7] = back.rows[7][:8]
			expect(t, tabs(t, again), back)
		}
	})
}

// TestErrorSheetOfSeveralSheets holds that a workbook keeps its sheets, those that were not read as they are, and that a
// text has no room for several.
func TestErrorSheetOfSeveralSheets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		head := []string{"单位", "职务", "姓名"}
		a := tab{"石桥镇", map[int][]string{1: {"名册"}, 2: head, 3: {"石桥镇", "书记", "潘书"}, 4: {"石桥镇", "主任", "乙"}}}
		note := tab{"填表说明", map[int][]string{1: {"一、请按时报送"}, 3: {"二、", "联系人"}}}
		note2 := tab{"联系人", map[int][]string{1: {"县纪委"}}}
		b := tab{"柏岭乡", map[int][]string{1: head, 2: {"柏岭乡", "副书记", "范副", "", "留任"}, 3: {"无此乡", "干事", "丙"}}}
		out, err := annotated(t, w, "people", book(t, sheet.XLSX, a, note, b), sheet.XLSX)
		if err != nil {
			t.Fatal(err)
		}
		a.rows[2] = append(slices.Clone(head), "需要修改")
		a.rows[4] = append(a.rows[4], "职务：没有“主任”这一项，请按模板填写")
		b.rows[1] = append(slices.Clone(head), "", "", "需要修改")
		b.rows[3] = append(b.rows[3], "", "", "单位：没有“无此乡”这个单位，请填区划代码或者规范名称")
		expect(t, tabs(t, out), a, note, b)
		if _, err := annotated(t, w, "people", out, sheet.CSV); fault.Code(err) != "sheet.several" {
			t.Errorf("two tables in one text: %v", err)
		}
		a.rows[4], b.rows[3] = []string{"石桥镇", "副书记", "葛副"}, []string{"柏岭乡", "干事", "彭干"}
		a.rows[5] = []string{"石桥镇", "干事", "奚干"}
		if rep := take(t, w, "people", book(t, sheet.XLSX, a, note, b), true); !rep.Clean() || rep.Counts[exchange.Same] != 5 {
			t.Errorf("mended: %s", does(rep))
		} else if hs := rep.Heads; len(hs) != 3 || hs[0].Row != 2 || len(hs[0].Left()) != 1 || len(hs[0].Known(locale.Zh)) != 3 || hs[1].Columns != nil || hs[2].Sheet != "柏岭乡" {
			t.Errorf("how the columns were understood: %+v", hs)
		}

		// One table beside a note goes into a text, without the note.
		b.rows[3] = []string{"无此乡", "干事", "丙"}
		out, err = annotated(t, w, "people", book(t, sheet.XLSX, note, b, note2), sheet.CSV)
		if err != nil {
			t.Fatal(err)
		}
		b.name, b.rows[3] = "", append(b.rows[3], "", "", "单位：没有“无此乡”这个单位，请填区划代码或者规范名称")
		expect(t, tabs(t, out), b)
	})
}
