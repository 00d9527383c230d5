package text

import (
	"context"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var background = context.Background()

// pieces are what texts are put together from: few enough that they meet, and everything an engine could take for
// something else.
var pieces = []string{
	"村", "庄", "管", "护", "费", "万", "元", "号", "二", "〇", "々", // Han, two of which are no letters to Unicode
	"㐀", "㐂", "𠀀", "𠮷", "𫝀", "\U0002EBF0", "\U00030000", "\U00031350", "\U0003134F", // extensions A, B, D, I, G, H
	"\uE81A", "\uF900", "\uF979", "⺝", // for private use, and for compatibility
	"a", "b", "z", "zz", "zzkclue", "A", "é", "É", "e\u0301", "h\u0331", "H\u0331", "ñ", "ß", "ſ", "ı", "İ", "σ", "ς", "Σ", "я", "か", "が", "한",
	"1", "0", "10", "2026", "９", "٣", "①", "½",
	"，", "。", "〔", "〕", "(", ")", "-", "_", "%", "\\", "'", "\"", "*", ":", "&", "|", "!", "\x00", "\u0301",
	" ", "\u3000", "\n", "\u200b", "\u202e", "\ufe0f", "\U000E0100", "😀", "👍🏽",
}

// held says whether a text is one that a term promises to find, without any index.
func held(plain, term string) bool {
	if !strings.Contains(plain, term) {
		return false
	}
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || isHan(r) })
	}
	ws := words(term)
	for i, w := range ws {
		mayGoOn := i == len(ws)-1 && strings.HasSuffix(term, w)
		if !slices.ContainsFunc(words(plain), func(x string) bool { return x == w || mayGoOn && strings.HasPrefix(x, w) }) {
			return false
		}
	}
	return true
}

// Both engines find the same, and what a search without an index finds: for one character, for two, for more; under a
// scope; page by page, newest first, in whatever order the texts came.
func TestFindsWhatTextsHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		city := id.City(0)
		keys := id.Random()
		rapid.Check(t, func(t *rapid.T) {
			city++
			type row struct {
				key   id.Key
				text  string
				kind  string
				place string
			}
			var rows []row
			for _, text := range rapid.SliceOfN(sample(0, 14), 1, 9).Draw(t, "texts") {
				at := rapid.Int64Range(0, 1e15).Draw(t, "at")
				rows = append(rows, row{keys.New(at), text, rapid.SampledFrom([]string{"zzkclue", "zzkcase"}).Draw(t, "kind"), rapid.SampledFrom([]string{"zzcA", "zzcB", "zzcC"}).Draw(t, "place")})
			}
			err := d.Write(background, city, func(tx *db.Tx) error {
				for _, r := range rows {
					if err := Put(background, tx, r.key, []string{"zzcGONE"}, "before"); err != nil {
						return err
					}
					if err := Put(background, tx, r.key, []string{r.kind, "zzcGONE"}, r.text); err != nil {
						return err
					}
					if err := Rescope(background, tx, r.key, []string{r.kind, r.place}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(rows, func(a, b row) int { return strings.Compare(b.key, a.key) })
			for range 12 {
				typed := typed(t, rapid.SampledFrom(rows).Draw(t, "from").text)
				scope := rapid.SampledFrom([][]string{nil, {}, {"zzcA"}, {"zzcA", "zzcC"}, {"zzcGONE"}}).Draw(t, "scope")
				terms := Parse(typed)
				var want []id.Key
				for _, r := range rows {
					seen := len(terms) > 0 && r.kind == "zzkclue" && (scope == nil || slices.Contains(scope, r.place))
					for _, term := range terms {
						seen = seen && held(bare(r.text), term)
					}
					if seen {
						want = append(want, r.key)
					}
				}
				var got []id.Key
				q := Query{Terms: terms, Scope: scope, Extra: []string{"zzkclue"}, Few: rapid.Bool().Draw(t, "few"), Limit: rapid.IntRange(1, 4).Draw(t, "limit")}
				for {
					page, err := keysOf(Find(background, d.In(city), d.Engine, []id.City{city}, q))
					if err != nil {
						t.Fatalf("%q: %v", typed, err)
					}
					got = append(got, page...)
					if len(page) < q.Limit || len(got) > len(rows) {
						break
					}
					q.After = page[len(page)-1]
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q (%q) under %v finds %v, want %v in %+v", typed, terms, scope, got, want, rows)
				}
			}
		})
	})
}

func keysOf(ids []id.ID, err error) (keys []id.Key, _ error) {
	for _, x := range ids {
		keys = append(keys, x.Key)
	}
	return keys, err
}

// Several tenants are searched as one: newest first whosever they are, page by page, and nothing of anybody else's.
func TestFindsInSeveralTenants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cities := []id.City{1, 2, 3}
		var want []id.ID
		for _, c := range cities {
			if _, err := d.Raw().Exec(`INSERT INTO tenants (city_id, kind, name) VALUES ($1, 'city', '市')`, int64(c)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 24 {
			x := id.ID{City: cities[i*i%7%3], Key: d.Keys.New(int64(i+1) * 1e6)}
			if err := d.Write(background, x.City, func(tx *db.Tx) error { return Put(background, tx, x.Key, []string{"zzkclue"}, "虚报管护费12万") }); err != nil {
				t.Fatal(err)
			}
			if x.City != 2 {
				want = append(want, x)
			}
		}
		slices.Reverse(want)
		for _, typed := range []string{"管护", "费12万"} {
			var got []id.ID
			q := Query{Terms: Parse(typed), Extra: []string{"zzkclue"}, Limit: 5}
			for {
				page, err := Find(background, d.In(1), d.Engine, []id.City{1, 3}, q)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, page...)
				if len(page) < q.Limit || len(got) > len(want) {
					break
				}
				q.After = page[len(page)-1].Key
			}
			if !slices.Equal(got, want) || len(want) < 10 {
				t.Errorf("%s finds %v, want %v", typed, got, want)
			}
		}
	})
}

func sample(least, most int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), least, most), func(ps []string) string { return strings.Join(ps, "") })
}

// typed is a piece of a text, or something else, of one, two, three or more characters.
func typed(t *rapid.T, text string) string {
	if rs := []rune(text); len(rs) > 0 && rapid.IntRange(0, 3).Draw(t, "part") > 0 {
		from := rapid.IntRange(0, len(rs)-1).Draw(t, "first")
		return string(rs[from:min(len(rs), from+rapid.IntRange(1, 6).Draw(t, "many"))])
	}
	return sample(1, 4).Draw(t, "typed")
}

// What people write and what they type for it, on both engines.
func TestFinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		long := strings.Repeat("x", 3000)
		texts := []string{
			"反映王庄村虚报管护费10万元", "测纪信〔2026〕12号", "测纪信〔2026〕123号", "二〇二六年，村里的庄稼", "café 与 cafe", "𠮷田𰀀先生", "李\U000E0100某", "村\u200b庄", "的士 Taxi-99123", "3.5万", long,
		}
		var keys []id.Key
		err := d.Write(background, 7, func(tx *db.Tx) error {
			for i, s := range texts {
				keys = append(keys, d.Keys.New(int64(i+1)*1000000))
				if err := Put(background, tx, keys[i], []string{"zzkclue", "zzl2"}, s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for typed, want := range map[string][]int{
			"村": {7, 3, 0}, "庄": {7, 3, 0}, "王庄村": {0}, "庄村": {0}, "村庄": {7}, "王村": nil, "管护": {0}, "王庄 管护": {0}, "王庄 护管": nil,
			"10万": {0}, "10": {0}, "0万": nil, "1-万": nil, "10-万": nil, "1 万": {0}, "1万": nil, "费10万": {0}, "10元": nil,
			"测纪信(2026)12号": {1}, "12号": {1}, "2026 12": {2, 1}, "〔2026〕": {2, 1}, "[2026]123": {2},
			"二〇二六": {3}, "〇二": {3}, "〇": {3}, "cafe": {4}, "CAFÉ": {4}, "caf": {4}, "afe": nil,
			"𠮷": {5}, "𰀀": {5}, "田𰀀先": {5}, "𰀀田": nil, "李某": {6},
			"taxi": {8}, "99123": {8}, "axi": nil, "3.5万": {9}, "5万": {9}, "3万": nil, "xxx": {10}, long: {10},
			"zz": nil, "z": nil, "zzkclue": nil, "_zzkclue": nil, "😀": nil, "": nil, "。": nil, "'": nil,
		} {
			got, err := keysOf(Find(background, d.In(7), d.Engine, []id.City{7}, Query{Terms: Parse(typed), Extra: []string{"zzkclue"}, Scope: []string{"zzl2"}, Limit: 20}))
			var at []int
			for _, k := range got {
				at = append(at, slices.Index(keys, k))
			}
			if err != nil || !slices.Equal(at, want) {
				t.Errorf("%.40q finds %v, want %v; %v", typed, at, want, err)
			}
		}
	})
}

// Rebuild makes from the texts alone the index that was there.
func TestRebuild(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var keys []id.Key
		err := d.Write(background, 7, func(tx *db.Tx) error {
			for i := range 1203 {
				keys = append(keys, tx.NewKey())
				if err := Put(background, tx, keys[i], []string{"zzkclue"}, "虚报管护费"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		gone := []string{`UPDATE texts SET words = NULL`}
		if d.Engine == db.SQLite {
			gone = []string{`DELETE FROM search_fts`, `DELETE FROM search_rows`}
		}
		for _, text := range gone {
			if _, err := d.Raw().Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		find := func(kind string) int {
			got, err := keysOf(Find(background, d.In(7), d.Engine, []id.City{7}, Query{Terms: []string{"管护"}, Extra: []string{kind}, Limit: 2000}))
			if err != nil {
				t.Fatal(err)
			}
			return len(got)
		}
		if n := find("zzkclue"); n != 0 {
			t.Fatalf("%d are found without an index", n)
		}
		for range 2 {
			told := 0
			err = Rebuild(background, d, 7, func(_ db.Reader, matters []id.Key) (map[id.Key][]string, error) {
				out := map[id.Key][]string{}
				for _, k := range matters {
					out[k] = []string{"zzkcase"}
				}
				return out, nil
			}, func(texts int) { told += texts })
			if told != len(keys) {
				t.Errorf("told of %d texts", told)
			}
			if err != nil || find("zzkclue") != 0 || find("zzkcase") != len(keys) {
				t.Errorf("%d are found, %v", find("zzkcase"), err)
			}
		}
	})
}

// joined is letters, marks that join them, and what nobody sees between the two.
var joined = rapid.StringOfN(rapid.OneOf(
	rapid.SampledFrom([]rune("AaİßΣ가가한-・ﾞｶが\u0345\u0300\u0301\u0308\u0327\u3099\ufe0f\ufeff\u200d\u00ad\u0000\u00a8")),
	rapid.RuneFrom(nil, unicode.Cf, unicode.Mn, unicode.Lu)), 0, 8, -1)

// Folding what is folded changes nothing: an index made anew from its texts is the same.
func TestFoldedStaysFolded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(sample(0, 20), rapid.String(), joined).Draw(t, "text")
		if f := Fold(s); Fold(f) != f {
			t.Errorf("%q folds to %q and then to %q", s, f, Fold(f))
		}
		if b := bare(s); bare(b) != b {
			t.Errorf("%q is bared to %q and then to %q", s, b, bare(b))
		}
	})
}

// Numbers sort as keys do, but for keys of one millisecond that begin alike.
func TestPlaces(t *testing.T) {
	keys := id.Random()
	rapid.Check(t, func(t *rapid.T) {
		a := keys.New(rapid.Int64Range(0, 4e15).Draw(t, "a"))
		b := keys.New(rapid.Int64Range(0, 4e15).Draw(t, "b"))
		if place(a) < place(b) && a > b || place(a) > place(b) && a < b || place(a) < 0 {
			t.Errorf("%s stands at %d, %s at %d", a, place(a), b, place(b))
		}
	})
}
