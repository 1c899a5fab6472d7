//! Prefecture-level cities: the places that territories and sightings speak of. A curated list of facts, grown as needed.

use serde::Serialize;

/// A prefecture-level city with a point in its urban core (WGS-84 degrees, for a sketch map).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Region {
    /// Administrative division code (GB/T 2260), six digits ending in 00.
    #[serde(serialize_with = "as_text")]
    pub code: u32,
    /// 中文名.
    pub name: &'static str,
    /// English name.
    pub en: &'static str,
    /// Degrees east.
    pub lon: f64,
    /// Degrees north.
    pub lat: f64,
}

/// All regions we know, in the order of their codes.
pub const REGIONS: &[Region] = &[
    place(110_100, "北京市", "Beijing", 116.40, 39.90),
    place(120_100, "天津市", "Tianjin", 117.20, 39.08),
    place(130_100, "石家庄市", "Shijiazhuang", 114.51, 38.04),
    place(130_200, "唐山市", "Tangshan", 118.18, 39.63),
    place(130_300, "秦皇岛市", "Qinhuangdao", 119.60, 39.94),
    place(130_400, "邯郸市", "Handan", 114.54, 36.63),
    place(130_500, "邢台市", "Xingtai", 114.50, 37.07),
    place(130_600, "保定市", "Baoding", 115.46, 38.87),
    place(130_700, "张家口市", "Zhangjiakou", 114.89, 40.82),
    place(130_900, "沧州市", "Cangzhou", 116.84, 38.30),
    place(131_000, "廊坊市", "Langfang", 116.68, 39.54),
    place(140_100, "太原市", "Taiyuan", 112.55, 37.87),
    place(140_200, "大同市", "Datong", 113.30, 40.08),
    place(140_400, "长治市", "Changzhi", 113.12, 36.20),
    place(140_800, "运城市", "Yuncheng", 111.01, 35.03),
    place(141_000, "临汾市", "Linfen", 111.52, 36.09),
    place(150_100, "呼和浩特市", "Hohhot", 111.75, 40.84),
    place(150_200, "包头市", "Baotou", 109.84, 40.66),
    place(150_400, "赤峰市", "Chifeng", 118.89, 42.26),
    place(150_600, "鄂尔多斯市", "Ordos", 109.78, 39.61),
    place(210_100, "沈阳市", "Shenyang", 123.43, 41.81),
    place(210_200, "大连市", "Dalian", 121.61, 38.91),
    place(210_300, "鞍山市", "Anshan", 122.99, 41.11),
    place(210_600, "丹东市", "Dandong", 124.35, 40.00),
    place(210_700, "锦州市", "Jinzhou", 121.13, 41.10),
    place(210_800, "营口市", "Yingkou", 122.24, 40.67),
    place(220_100, "长春市", "Changchun", 125.32, 43.82),
    place(220_200, "吉林市", "Jilin", 126.55, 43.84),
    place(220_600, "白山市", "Baishan", 126.42, 41.94),
    place(230_100, "哈尔滨市", "Harbin", 126.53, 45.80),
    place(230_200, "齐齐哈尔市", "Qiqihar", 123.92, 47.35),
    place(230_600, "大庆市", "Daqing", 125.10, 46.59),
    place(231_000, "牡丹江市", "Mudanjiang", 129.63, 44.55),
    place(310_100, "上海市", "Shanghai", 121.47, 31.23),
    place(320_100, "南京市", "Nanjing", 118.80, 32.06),
    place(320_200, "无锡市", "Wuxi", 120.31, 31.49),
    place(320_300, "徐州市", "Xuzhou", 117.28, 34.21),
    place(320_400, "常州市", "Changzhou", 119.97, 31.81),
    place(320_500, "苏州市", "Suzhou", 120.59, 31.30),
    place(320_600, "南通市", "Nantong", 120.89, 31.98),
    place(320_700, "连云港市", "Lianyungang", 119.22, 34.60),
    place(320_800, "淮安市", "Huai'an", 119.02, 33.61),
    place(320_900, "盐城市", "Yancheng", 120.16, 33.35),
    place(321_000, "扬州市", "Yangzhou", 119.41, 32.39),
    place(321_100, "镇江市", "Zhenjiang", 119.42, 32.19),
    place(321_200, "泰州市", "Taizhou (Jiangsu)", 119.92, 32.46),
    place(321_300, "宿迁市", "Suqian", 118.28, 33.96),
    place(330_100, "杭州市", "Hangzhou", 120.16, 30.27),
    place(330_200, "宁波市", "Ningbo", 121.55, 29.87),
    place(330_300, "温州市", "Wenzhou", 120.70, 28.00),
    place(330_400, "嘉兴市", "Jiaxing", 120.76, 30.75),
    place(330_500, "湖州市", "Huzhou", 120.09, 30.89),
    place(330_600, "绍兴市", "Shaoxing", 120.58, 30.03),
    place(330_700, "金华市", "Jinhua", 119.65, 29.08),
    place(330_800, "衢州市", "Quzhou", 118.87, 28.94),
    place(330_900, "舟山市", "Zhoushan", 122.21, 29.99),
    place(331_000, "台州市", "Taizhou (Zhejiang)", 121.42, 28.66),
    place(331_100, "丽水市", "Lishui", 119.92, 28.47),
    place(340_100, "合肥市", "Hefei", 117.23, 31.82),
    place(340_200, "芜湖市", "Wuhu", 118.43, 31.35),
    place(340_300, "蚌埠市", "Bengbu", 117.39, 32.92),
    place(340_500, "马鞍山市", "Ma'anshan", 118.51, 31.67),
    place(340_800, "安庆市", "Anqing", 117.06, 30.54),
    place(341_100, "滁州市", "Chuzhou", 118.32, 32.30),
    place(341_200, "阜阳市", "Fuyang", 115.81, 32.89),
    place(341_500, "六安市", "Lu'an", 116.52, 31.74),
    place(341_800, "宣城市", "Xuancheng", 118.76, 30.94),
    place(350_100, "福州市", "Fuzhou (Fujian)", 119.30, 26.07),
    place(350_200, "厦门市", "Xiamen", 118.09, 24.48),
    place(350_300, "莆田市", "Putian", 119.01, 25.45),
    place(350_500, "泉州市", "Quanzhou", 118.68, 24.87),
    place(350_600, "漳州市", "Zhangzhou", 117.65, 24.51),
    place(360_100, "南昌市", "Nanchang", 115.86, 28.68),
    place(360_400, "九江市", "Jiujiang", 116.00, 29.71),
    place(360_700, "赣州市", "Ganzhou", 114.93, 25.83),
    place(360_900, "宜春市", "Yichun (Jiangxi)", 114.42, 27.82),
    place(361_100, "上饶市", "Shangrao", 117.94, 28.45),
    place(370_100, "济南市", "Jinan", 117.00, 36.65),
    place(370_200, "青岛市", "Qingdao", 120.38, 36.07),
    place(370_300, "淄博市", "Zibo", 118.05, 36.81),
    place(370_400, "枣庄市", "Zaozhuang", 117.32, 34.81),
    place(370_500, "东营市", "Dongying", 118.67, 37.43),
    place(370_600, "烟台市", "Yantai", 121.45, 37.46),
    place(370_700, "潍坊市", "Weifang", 119.16, 36.71),
    place(370_800, "济宁市", "Jining", 116.59, 35.41),
    place(370_900, "泰安市", "Tai'an", 117.09, 36.20),
    place(371_000, "威海市", "Weihai", 122.12, 37.51),
    place(371_100, "日照市", "Rizhao", 119.53, 35.42),
    place(371_300, "临沂市", "Linyi", 118.36, 35.10),
    place(371_400, "德州市", "Dezhou", 116.36, 37.43),
    place(371_500, "聊城市", "Liaocheng", 115.99, 36.46),
    place(371_700, "菏泽市", "Heze", 115.48, 35.23),
    place(410_100, "郑州市", "Zhengzhou", 113.63, 34.75),
    place(410_200, "开封市", "Kaifeng", 114.31, 34.80),
    place(410_300, "洛阳市", "Luoyang", 112.45, 34.62),
    place(410_500, "安阳市", "Anyang", 114.39, 36.10),
    place(410_700, "新乡市", "Xinxiang", 113.93, 35.30),
    place(411_000, "许昌市", "Xuchang", 113.85, 34.04),
    place(411_300, "南阳市", "Nanyang", 112.53, 32.99),
    place(411_400, "商丘市", "Shangqiu", 115.66, 34.41),
    place(411_500, "信阳市", "Xinyang", 114.09, 32.15),
    place(411_600, "周口市", "Zhoukou", 114.70, 33.63),
    place(411_700, "驻马店市", "Zhumadian", 114.02, 33.01),
    place(420_100, "武汉市", "Wuhan", 114.31, 30.59),
    place(420_300, "十堰市", "Shiyan", 110.80, 32.63),
    place(420_500, "宜昌市", "Yichang", 111.29, 30.69),
    place(420_600, "襄阳市", "Xiangyang", 112.12, 32.01),
    place(420_900, "孝感市", "Xiaogan", 113.92, 30.92),
    place(421_000, "荆州市", "Jingzhou", 112.24, 30.33),
    place(421_100, "黄冈市", "Huanggang", 114.87, 30.45),
    place(430_100, "长沙市", "Changsha", 112.94, 28.23),
    place(430_200, "株洲市", "Zhuzhou", 113.13, 27.83),
    place(430_300, "湘潭市", "Xiangtan", 112.94, 27.83),
    place(430_400, "衡阳市", "Hengyang", 112.57, 26.89),
    place(430_600, "岳阳市", "Yueyang", 113.13, 29.36),
    place(430_700, "常德市", "Changde", 111.70, 29.03),
    place(431_000, "郴州市", "Chenzhou", 113.01, 25.77),
    place(440_100, "广州市", "Guangzhou", 113.26, 23.13),
    place(440_200, "韶关市", "Shaoguan", 113.60, 24.81),
    place(440_300, "深圳市", "Shenzhen", 114.06, 22.54),
    place(440_400, "珠海市", "Zhuhai", 113.58, 22.27),
    place(440_500, "汕头市", "Shantou", 116.68, 23.35),
    place(440_600, "佛山市", "Foshan", 113.12, 23.02),
    place(440_700, "江门市", "Jiangmen", 113.08, 22.58),
    place(440_800, "湛江市", "Zhanjiang", 110.36, 21.27),
    place(440_900, "茂名市", "Maoming", 110.93, 21.66),
    place(441_200, "肇庆市", "Zhaoqing", 112.47, 23.05),
    place(441_300, "惠州市", "Huizhou", 114.42, 23.11),
    place(441_400, "梅州市", "Meizhou", 116.12, 24.29),
    place(441_800, "清远市", "Qingyuan", 113.06, 23.68),
    place(441_900, "东莞市", "Dongguan", 113.75, 23.02),
    place(442_000, "中山市", "Zhongshan", 113.39, 22.52),
    place(445_200, "揭阳市", "Jieyang", 116.37, 23.55),
    place(450_100, "南宁市", "Nanning", 108.37, 22.82),
    place(450_200, "柳州市", "Liuzhou", 109.41, 24.33),
    place(450_300, "桂林市", "Guilin", 110.29, 25.27),
    place(450_500, "北海市", "Beihai", 109.12, 21.48),
    place(450_900, "玉林市", "Yulin (Guangxi)", 110.18, 22.65),
    place(460_100, "海口市", "Haikou", 110.20, 20.04),
    place(460_200, "三亚市", "Sanya", 109.51, 18.25),
    place(500_100, "重庆市", "Chongqing", 106.55, 29.56),
    place(510_100, "成都市", "Chengdu", 104.07, 30.57),
    place(510_300, "自贡市", "Zigong", 104.78, 29.34),
    place(510_500, "泸州市", "Luzhou", 105.44, 28.87),
    place(510_600, "德阳市", "Deyang", 104.40, 31.13),
    place(510_700, "绵阳市", "Mianyang", 104.68, 31.47),
    place(511_100, "乐山市", "Leshan", 103.77, 29.55),
    place(511_300, "南充市", "Nanchong", 106.11, 30.84),
    place(511_500, "宜宾市", "Yibin", 104.64, 28.75),
    place(511_700, "达州市", "Dazhou", 107.47, 31.21),
    place(520_100, "贵阳市", "Guiyang", 106.63, 26.65),
    place(520_300, "遵义市", "Zunyi", 106.93, 27.73),
    place(530_100, "昆明市", "Kunming", 102.83, 24.88),
    place(530_300, "曲靖市", "Qujing", 103.80, 25.49),
    place(530_400, "玉溪市", "Yuxi", 102.55, 24.35),
    place(530_700, "丽江市", "Lijiang", 100.23, 26.86),
    place(532_900, "大理白族自治州", "Dali", 100.27, 25.61),
    place(540_100, "拉萨市", "Lhasa", 91.11, 29.65),
    place(610_100, "西安市", "Xi'an", 108.94, 34.34),
    place(610_300, "宝鸡市", "Baoji", 107.24, 34.36),
    place(610_400, "咸阳市", "Xianyang", 108.71, 34.33),
    place(610_600, "延安市", "Yan'an", 109.49, 36.59),
    place(610_700, "汉中市", "Hanzhong", 107.02, 33.07),
    place(610_800, "榆林市", "Yulin (Shaanxi)", 109.73, 38.29),
    place(620_100, "兰州市", "Lanzhou", 103.83, 36.06),
    place(620_500, "天水市", "Tianshui", 105.72, 34.58),
    place(630_100, "西宁市", "Xining", 101.78, 36.62),
    place(640_100, "银川市", "Yinchuan", 106.23, 38.49),
    place(650_100, "乌鲁木齐市", "Urumqi", 87.62, 43.83),
    place(650_200, "克拉玛依市", "Karamay", 84.89, 45.58),
    place(652_300, "昌吉回族自治州", "Changji", 87.31, 44.01),
    place(653_100, "喀什地区", "Kashgar", 75.99, 39.47),
    place(654_000, "伊犁哈萨克自治州", "Ili", 81.32, 43.92),
];

/// The prefectures with `q` in either name, or at the beginning of their adcode.
#[must_use]
pub fn named(q: &str) -> Vec<&'static Region> {
    let q = q.trim().to_lowercase();
    let matches = |region: &&Region| {
        region.name.contains(&q)
            || region.en.to_lowercase().contains(&q)
            || region.code.to_string().starts_with(&q)
    };
    REGIONS.iter().filter(matches).collect()
}

/// Reads an adcode of six digits as the prefecture it lies in: a county counts for its city, a municipality's own
/// code for its urban core. `None` for a place that is not in [`REGIONS`].
#[must_use]
pub fn prefecture(adcode: &str) -> Option<&'static Region> {
    if adcode.len() != 6 || !adcode.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    by_code(adcode.parse().ok()?)
}

/// The prefecture that this adcode lies in; see [`prefecture`].
#[must_use]
pub fn by_code(adcode: u32) -> Option<&'static Region> {
    let city = adcode / 100 * 100;
    let is_municipality = matches!(adcode / 10_000, 11 | 12 | 31 | 50);
    let code = if is_municipality { adcode / 10_000 * 10_000 + 100 } else { city };
    REGIONS.binary_search_by_key(&code, |region| region.code).ok().and_then(|at| REGIONS.get(at))
}

const fn place(code: u32, name: &'static str, en: &'static str, lon: f64, lat: f64) -> Region {
    Region { code, name, en, lon, lat }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn as_text<S: serde::Serializer>(code: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_within_the_country() {
        assert!(REGIONS.is_sorted_by(|a, b| a.code < b.code));
        assert!(REGIONS.iter().all(|region| {
            region.code % 100 == 0
                && (73.0..136.0).contains(&region.lon)
                && (18.0..54.0).contains(&region.lat)
        }));
    }

    #[test]
    fn names_differ_in_both_languages() {
        for (at, region) in REGIONS.iter().enumerate() {
            let rest = &REGIONS[at + 1..];
            assert!(rest.iter().all(|other| other.en != region.en && other.name != region.name));
        }
    }

    #[test]
    fn a_county_counts_for_its_city_and_a_municipality_for_its_core() {
        assert_eq!(prefecture("320102").map(|region| region.en), Some("Nanjing"));
        assert_eq!(prefecture("110000").map(|region| region.en), Some("Beijing"));
        assert_eq!(prefecture("500240").map(|region| region.en), Some("Chongqing"));
    }

    #[test]
    fn what_is_no_prefecture_of_ours_is_none() {
        for text in ["", "32010", "3201000", "32010x", "999900", "+32010"] {
            assert_eq!(prefecture(text), None, "{text}");
        }
    }
}
