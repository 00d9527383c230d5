package demo

import "math/rand/v2"

// Made-up names. Counties and townships are put together from common characters; any likeness is chance.

var countyNames = []string{"云渡县", "柏岩县", "青澜县", "禾丰县", "临汐区", "望屏区", "桐岭县", "沙洲县", "丹陂县", "北亭市", "月湖区"}

func short(name string) string { return string([]rune(name)[:2]) }

const (
	placeA  = "石柳清白龙凤双大上下东西南北高平新永长金"
	placeB  = "桥湾溪岭塘河坪冲坳陂田洲井岗林泉"
	village = "上下东西南北前后新老大小中外里山水桥头塘湾田坝坡岭洲"
	surname = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳唐罗薛伍余米贝姚孟顾尹江钟"
	given   = "伟芳娜敏静强磊军洋勇艳杰娟涛明超秀霞平刚桂文辉玲志建红春云海燕峰晓雪松林雨宁宇晨浩博文思远嘉怡欣然子涵一鸣立新国栋永安学良正清如松若水怀远知行"
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func runeOf(r *rand.Rand, s string) string { return string(pick(r, []rune(s))) }

// personName is a surname and one or two given characters.
func personName(r *rand.Rand) string {
	n := runeOf(r, surname) + runeOf(r, given)
	if r.IntN(3) > 0 {
		n += runeOf(r, given)
	}
	return n
}

// townshipNames are n different names, towns and townships mixed.
func townshipNames(r *rand.Rand, n int) []string {
	var all []string
	for _, a := range placeA {
		for _, b := range placeB {
			all = append(all, string(a)+string(b))
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	out := all[:n]
	for i := range out {
		if r.IntN(5) < 3 {
			out[i] += "镇"
		} else {
			out[i] += "乡"
		}
	}
	return out
}

// villageNames are n different names within one township.
func villageNames(r *rand.Rand, n int) []string {
	var out []string
	seen := map[string]bool{}
	for len(out) < n {
		v := runeOf(r, village) + runeOf(r, placeB) + "村"
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
