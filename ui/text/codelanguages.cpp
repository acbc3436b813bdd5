// SPDX-License-Identifier: Apache-2.0
#include "ui/text/codelanguages.h"

namespace moescope::ui {

namespace {

QSet<QString> words(const char* list) {
    const QStringList parts = QString::fromLatin1(list).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return {parts.begin(), parts.end()};
}

QStringList list(const char* text) { return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts); }

constexpr const char* kC =
    "auto break case const continue default do else enum extern for goto if inline register restrict return sizeof "
    "static struct switch typedef union volatile while void char short int long float double signed unsigned bool true "
    "false NULL alignas alignof and bitand catch class co_await co_return co_yield concept consteval constexpr "
    "constinit "
    "const_cast decltype delete dynamic_cast explicit export final friend mutable namespace new noexcept not nullptr "
    "operator or override private protected public reinterpret_cast requires static_assert static_cast template this "
    "thread_local throw try typeid typename using virtual wchar_t size_t include define ifdef ifndef endif pragma";
constexpr const char* kPython =
    "and as assert async await break case class continue def del elif else except finally for from global if import in "
    "is lambda match None nonlocal not or pass raise return True False try while with yield self";
constexpr const char* kJs =
    "abstract any as async await boolean break case catch class const continue debugger declare default delete do else "
    "enum export extends false finally for from function get if implements import in instanceof interface keyof let "
    "namespace never new null number of private protected public readonly return set static string super switch this "
    "throw true try type typeof undefined unknown var void while with yield";
constexpr const char* kBash =
    "if then else elif fi for while until do done case esac in function return local export readonly declare set unset "
    "shift exit break continue source alias echo cd test true false";
constexpr const char* kSql =
    "add all alter and as asc avg begin between by case check column commit constraint count create cross database "
    "default delete desc distinct drop else end exists foreign from full group having if in index inner insert into is "
    "join key left like limit max min not null on or order outer primary references right rollback select set sum "
    "table "
    "then transaction union unique update values view when where with integer text real blob varchar";
constexpr const char* kRust =
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move "
    "mut "
    "pub ref return self Self static struct super trait true type unsafe use where while bool char f32 f64 i8 i16 i32 "
    "i64 i128 isize str u8 u16 u32 u64 u128 usize String Vec Option Result Some None Ok Err";
constexpr const char* kGo =
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package "
    "range return select struct switch type var true false nil iota bool byte complex128 error float32 float64 int "
    "int8 "
    "int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr any";
constexpr const char* kJava =
    "abstract assert boolean break byte case catch char class const continue default do double else enum extends final "
    "finally float for goto if implements import instanceof int interface long native new null package private "
    "protected public record return sealed short static strictfp super switch synchronized this throw throws transient "
    "true false try var void volatile while yield";
constexpr const char* kCss =
    "important media import supports keyframes font-face charset root hover focus active before "
    "after not";

} // namespace

const QList<CodeLanguage>& codeLanguages() {
    static const QString open = QStringLiteral("/*");
    static const QString close = QStringLiteral("*/");
    static const QString both = QStringLiteral("\"'");
    static const QList<CodeLanguage> languages{
        {QStringLiteral("Python"),
         list("python py python3 py3"),
         words(kPython),
         list("#"),
         {},
         {},
         both,
         list("\"\"\" '''")},
        {QStringLiteral("C"), list("c h"), words(kC), list("//"), open, close, both, {}},
        {QStringLiteral("C++"), list("c++ cpp cxx cc hpp hxx"), words(kC), list("//"), open, close, both, {}},
        {QStringLiteral("JavaScript"), list("javascript js jsx mjs node"), words(kJs), list("//"), open, close, both,
         list("`")},
        {QStringLiteral("TypeScript"), list("typescript ts tsx"), words(kJs), list("//"), open, close, both, list("`")},
        {QStringLiteral("Shell"), list("bash sh shell zsh console"), words(kBash), list("#"), {}, {}, both, {}},
        {QStringLiteral("JSON"),
         list("json json5 jsonc"),
         words("true false null"),
         list("//"),
         open,
         close,
         QStringLiteral("\""),
         {}},
        {QStringLiteral("SQL"),
         list("sql sqlite postgresql mysql"),
         words(kSql),
         list("--"),
         open,
         close,
         both,
         {},
         true},
        {QStringLiteral("HTML"),
         list("html htm xml svg"),
         {},
         {},
         QStringLiteral("<!--"),
         QStringLiteral("-->"),
         both,
         {},
         false,
         true},
        {QStringLiteral("CSS"), list("css scss less"), words(kCss), {}, open, close, both, {}},
        {QStringLiteral("Rust"), list("rust rs"), words(kRust), list("//"), open, close, QStringLiteral("\""), {}},
        {QStringLiteral("Go"), list("go golang"), words(kGo), list("//"), open, close, both, list("`")},
        {QStringLiteral("Java"), list("java"), words(kJava), list("//"), open, close, both, list("\"\"\"")},
    };
    return languages;
}

} // namespace moescope::ui
