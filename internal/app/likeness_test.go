package app_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

// TestRepeatsOfUnopenedLetters: while the key is unlocked, and only then, the organ is told which letters that nobody has
// opened say the same; no person reads a word for it, and the database shows nothing of it.
func TestRepeatsOfUnopenedLetters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		b := browse(t, w)
		county, city := w.Units["county"], w.Units["city"]
		lodge := func(unit, post, name, text string) *apptest.Lodged {
			l := written(w)
			l.Unit, l.Post, l.Subject, l.Text, l.Only = unit, post, name, text, ""
			x := w.Lodge(l, county, "2026-10-12", nil)
			w.TakeIn(&x)
			return &x
		}
		const said = "林业站站长把三十二户的管护费发放表拿回家里代签，钱只发了一半，另一半买了自家的农用车，村里人都知道，去年冬天镇上来查过一次没有下文。"
		first := lodge("石桥镇", "林业站站长", "周某某", said)
		again := lodge("石桥镇", "林业站站长", "周某某", said)
		near := lodge("石桥镇", "林业站", "", "听说"+said+"请领导重视。")        // no name, the same words
		other := lodge("石桥镇", "站长", "周某某", "此人在换届时给各户送过礼，有人拍了照片。") // other words, the same person
		apart := lodge("石桥镇", "民政办主任", "吴某某", "低保名单里有他的两个外甥，都在县城有房有车，张榜的时候没有写他们的名字。")
		w.App.Custody.Ring.Lock(county.ID.String())

		count := func(sql string) (n int) {
			t.Helper()
			if err := d.In(apptest.City).Row(apptest.Ctx, sql).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		update := func(organ id.ID) int {
			t.Helper()
			n, err := w.App.Likeness.Update(apptest.Ctx, organ)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		like := func(who string, organ id.ID, l *apptest.Lodged) map[id.ID]bool {
			t.Helper()
			found, err := w.App.Likeness.Of(apptest.Ctx, w.As(who), organ, []id.ID{l.Letter})
			if err != nil {
				t.Fatal(err)
			}
			out := map[id.ID]bool{}
			for _, x := range found[l.Letter] {
				out[x.ID] = true
			}
			return out
		}
		if n := update(county.ID); n != 0 || count(`SELECT COUNT(letter_id) FROM likenesses WHERE city_id = $1`) != 0 || len(like("intake", county.ID, first)) > 0 {
			t.Fatalf("with the key locked %d letters were read", n)
		}

		w.Unlock("county")
		if n := update(county.ID); n != 5 || count(`SELECT COUNT(seq) FROM acts WHERE city_id = $1 AND action = 'letter.compare'`) != 1 {
			t.Errorf("%d letters were read, and %d acts say so", n, count(`SELECT COUNT(seq) FROM acts WHERE city_id = $1 AND action = 'letter.compare'`))
		}
		if n := update(county.ID); n != 0 {
			t.Errorf("%d were read again", n)
		}
		for _, c := range []struct {
			what string
			of   *apptest.Lodged
			want []*apptest.Lodged
		}{{"lodged twice", first, []*apptest.Lodged{again, near, other}}, {"in nearly the same words", near, []*apptest.Lodged{first, again}}, {"about the same person in other words", other, []*apptest.Lodged{first, again}}, {"about somebody else of the unit", apart, nil}} {
			got := like("intake", county.ID, c.of)
			if len(got) != len(c.want) {
				t.Errorf("%s: %v", c.what, got)
			}
			for _, x := range c.want {
				if !got[x.Letter] {
					t.Errorf("%s: %s is not found", c.what, x.Letter)
				}
			}
		}
		if count(`SELECT COUNT(seq) FROM acts WHERE city_id = $1 AND action = 'envelope.open'`) != 0 {
			t.Error("a person opened something for it")
		}
		if _, text := b.get("intake", "/keys"); !strings.Contains(text, "与另外 3 件相似") {
			t.Error("the key page does not say so")
		}
		if _, text := b.get("intake", "/m/"+first.Letter.String()); !strings.Contains(text, "/m/"+again.Letter.String()) {
			t.Error("nor the letter's")
		}
		for who, organ := range map[string]id.ID{"deputy": county.ID, "supervision": county.ID, "cityintake": county.ID} {
			if got := like(who, organ, first); len(got) > 0 {
				t.Errorf("%s is told %v", who, got)
			}
		}

		// What was opened and entered is told which unopened ones repeat it.
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, first.Letter))
		if err != nil {
			t.Fatal(err)
		}
		update(county.ID)
		if _, text := b.get("intake", "/m/"+e.ID.String()); !strings.Contains(text, "/m/"+again.Letter.String()) || !strings.Contains(text, "相似来信") {
			t.Error("the tip-off does not say which letters repeat it")
		}

		// The organ above compares what it may open, and no more, under values of its own.
		w.Unlock("city")
		if n := update(city.ID); n != 0 {
			t.Errorf("the city reads %d letters that are the county's", n)
		}
		w.On("2026-10-21")
		if _, err := w.App.Clocks.Pass(apptest.Ctx, w.App.Ledger, apptest.City, d.Today(), w.App.Engine.Effects()); err != nil {
			t.Fatal(err)
		}
		if n := update(city.ID); n != 4 {
			t.Errorf("the city reads %d of the letters that rose", n)
		}
		if got := like("cityintake", city.ID, again); !got[near.Letter] || got[first.Letter] {
			t.Errorf("above: %v", got)
		}
		rows := prints(t, d)
		if len(rows) != 9 {
			t.Errorf("%d prints", len(rows))
		}
		for i, x := range rows {
			for _, y := range rows[:i] {
				if bytes.Equal(x, y) || shared(x, y) > 8 {
					t.Error("two rows of the database are the same in more than chance")
				}
			}
		}

		// What was known goes with the key.
		w.App.Custody.Ring.Lock(county.ID.String())
		if len(like("intake", county.ID, again)) > 0 {
			t.Error("known while locked")
		}
		w.App.Likeness.Tend()
		w.Unlock("county")
		if len(like("intake", county.ID, again)) > 0 {
			t.Error("it was kept in memory")
		}
		if n := update(county.ID); n != 0 || !like("intake", county.ID, again)[near.Letter] {
			t.Errorf("unlocked again, %d letters are read anew", n)
		}
		w.Verify()
	})
}

// prints reads what the database holds.
func prints(t *testing.T, d *db.DB) [][]byte {
	t.Helper()
	rows, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), `SELECT x.sealed FROM likenesses x WHERE x.city_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// shared counts the bytes that two rows have at the same places.
func shared(a, b []byte) (n int) {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

// TestComparingIsQuick: a hundred letters are read and held against each other in far less than a page's patience each.
// Five hundred take some four seconds on a busy machine.
func TestComparingIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("a flood")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := written(w)
		for i := range 100 {
			l.Subject, l.Text = fmt.Sprintf("周%d", i/5), strings.Repeat(fmt.Sprintf("第%d户的管护费发放表不是本人签的，钱也没有到账。", i/2), 12)
			w.Lodge(l, w.Units["county"], "2026-10-12", nil)
		}
		w.TakeIn()
		w.Unlock("county")
		begun := time.Now()
		n, err := w.App.Likeness.Update(apptest.Ctx, w.Units["county"].ID)
		took := time.Since(begun)
		begun = time.Now()
		if _, err := w.App.Likeness.Update(apptest.Ctx, w.Units["county"].ID); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d letters in %s, looked at again in %s", n, took, time.Since(begun))
		if err != nil || n != 100 || took > 10*time.Second {
			t.Errorf("%d letters in %s, %v", n, took, err)
		}
	})
}

// TestKeysGiveOtherFingerprints: one text under two organs' keys is two things.
func TestKeysGiveOtherFingerprints(t *testing.T) {
	t.Parallel()
	one, _, err := seal.NewKey(seal.Age)
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := seal.NewKey(seal.Age)
	if err != nil {
		t.Fatal(err)
	}
	a, b := seal.Derive(one, "likeness"), seal.Derive(two, "likeness")
	if a.Sum("石桥镇") == b.Sum("石桥镇") || a.Mark() == b.Mark() || a.Sum("石桥镇") != seal.Derive(one, "likeness").Sum("石桥镇") || a.Sum("石桥镇") == seal.Derive(one, "other").Sum("石桥镇") {
		t.Error("fingerprints of two keys are the same, or those of one are not")
	}
	x, err := a.Seal([]byte("一样的内容"), "here")
	if err != nil {
		t.Fatal(err)
	}
	y, err := a.Seal([]byte("一样的内容"), "here")
	if err != nil || bytes.Equal(x, y) {
		t.Errorf("sealed twice it looks the same, %v", err)
	}
	if _, err := a.Open(x, "there"); err == nil {
		t.Error("opens in another place")
	}
	if _, err := b.Open(x, "here"); err == nil {
		t.Error("opens under another key")
	}
}
