// SPDX-License-Identifier: Apache-2.0
#include "ui/text/codehighlighter.h"
#include "ui/text/markdowndocument.h"
#include "ui/text/markdownparser.h"

#include <QTest>

#include <random>

using namespace moescope::ui;
using Kind = MarkdownBlock::Kind;

namespace {

MarkdownDocument whole(const QString& source) {
    MarkdownDocument document;
    document.setSource(source);
    return document;
}

QString sample() {
    return QStringLiteral(
        "# Title\nA *soft* and **strong** `code` line\nthat goes on.\n\n"
        "- one\n- two\n  - inner\n\n  still two\n- three\n\n"
        "1. first\n1. second\n\n3. third\n\n"
        "> quoted\n> more\n\n"
        "| a | b |\n|--:|:-:|\n| 1 | 2 |\n| 3 | [x](https://example.org) |\n\n"
        "```python\ndef f(x):\n\n    return x  # \u4f60\u597d\n```\nafter\n\n---\n"
        "    indented\n\n    code\n\nThe year was\n1986. A good one.\n\n"
        "Emoji \U0001F98A and \u05e9\u05dc\u05d5\u05dd &amp; &copy; \\*stars\\*\n~~~\nopen ``` fence\n");
}

/** Every 1:1 stretch must show exactly the source it names. */
bool mapsBack(const RichText& text, const QString& source) {
    int next = 0;
    for (const TextSegment& segment : text.segments) {
        if (segment.display != next) {
            return false;
        }
        next += segment.length;
        if (segment.length == segment.source_length) {
            const QString shown = text.text.mid(segment.display, segment.length);
            const QString written = source.mid(segment.source, segment.length);
            for (int i = 0; i < segment.length; ++i) {
                // A line break is shown as a space or a line separator.
                if (shown[i] != written[i] && !(shown[i].isSpace() && written[i].isSpace())) {
                    qWarning() << shown << written;
                    return false;
                }
            }
        }
    }
    return next == text.text.size();
}

} // namespace

class TestMarkdown : public QObject {
    Q_OBJECT
private slots:
    void blocksOfASample();
    void singleLineBreaksBreakTheLine();
    void piecesGiveTheBlocksOfTheWhole();
    void costIsLinear_data();
    void costIsLinear();
    void unclosedFenceIsCode();
    void fenceOnItsWayIsNotShown();
    void numbersContinue();
    void htmlIsText();
    void imagesAreTheirWords();
    void onlyWebLinks();
    void controlCharactersAreNotShown();
    void offsetsMapBothWays();
    void longWordsAreDivided();
    void hostileTextEnds_data();
    void hostileTextEnds();
    void highlighter();
    void highlighterCarriesState();
};

void TestMarkdown::blocksOfASample() {
    const MarkdownDocument document = whole(sample());
    QStringList kinds;
    for (const MarkdownBlock& block : document.blocks()) {
        const char* names[] = {"p", "h", "code", "table", "rule"};
        kinds += QStringLiteral("%1%2%3%4")
                     .arg(QLatin1String(names[int(block.kind)]), QString(block.indent, QLatin1Char('>')),
                          QString(block.quote, QLatin1Char('|')), block.marker);
    }
    QCOMPARE(kinds.join(QLatin1Char(' ')),
             QStringLiteral("h p p>• p>• p>>• p> p>• p>1. p>2. p>3. p| table code p rule code p p code"));
    const MarkdownBlock& paragraph = document.blocks()[1];
    QCOMPARE(paragraph.content.text, QStringLiteral("A soft and strong code line\u2028that goes on."));
    QCOMPARE(paragraph.content.spans.size(), 3);
    QCOMPARE(paragraph.content.spans[0], (TextSpan{2, 4, TextSpan::Italic, -1}));
    QCOMPARE(paragraph.content.spans[1].flags, int(TextSpan::Bold));
    QCOMPARE(paragraph.content.spans[2].flags, int(TextSpan::Code));
    const MarkdownBlock& table = document.blocks()[11];
    QCOMPARE(table.columns, 2);
    QCOMPARE(table.cells.size(), size_t(6));
    QCOMPARE(table.aligns[0], MarkdownBlock::Align::Right);
    QCOMPARE(table.aligns[1], MarkdownBlock::Align::Center);
    QCOMPARE(table.cells[5].links.value(0), QStringLiteral("https://example.org"));
    const MarkdownBlock& code = document.blocks()[12];
    QCOMPARE(code.language, QStringLiteral("python"));
    QCOMPARE(code.content.text, QStringLiteral("def f(x):\n\n    return x  # \u4f60\u597d"));
    QCOMPARE(document.blocks()[17].content.text,
             QStringLiteral("Emoji \U0001F98A and \u05e9\u05dc\u05d5\u05dd & \u00a9 *stars*"));
}

void TestMarkdown::singleLineBreaksBreakTheLine() {
    const QString source = QStringLiteral("Roses are red,\n  *violets* are blue,  \nand so on.\n\n- one\n  two");
    const MarkdownDocument document = whole(source);
    QCOMPARE(document.blocks().size(), size_t(2));
    const RichText& text = document.blocks()[0].content;
    QCOMPARE(text.text, QStringLiteral("Roses are red,\u2028violets are blue,\u2028and so on."));
    QVERIFY(mapsBack(text, source));
    for (const char* word : {"red,", "violets", "blue", "and"}) {
        const auto place = static_cast<int>(text.text.indexOf(QLatin1String(word)));
        const auto written = static_cast<int>(source.indexOf(QLatin1String(word)));
        QCOMPARE(text.sourceOf(place), written);
        QCOMPARE(text.displayOf(written), place);
    }
    QCOMPARE(text.sourceOf(static_cast<int>(text.text.indexOf(QChar::LineSeparator))),
             static_cast<int>(source.indexOf(QLatin1Char('\n'))));
    QCOMPARE(document.blocks()[1].content.text, QStringLiteral("one\u2028two"));
}

void TestMarkdown::piecesGiveTheBlocksOfTheWhole() {
    QString text = sample();
    for (int i = 0; i < 3; ++i) {
        text += text;
    }
    text += QString(3000, QLatin1Char('w')) + QStringLiteral(" **end**\n\n");
    const MarkdownDocument reference = whole(text);
    std::mt19937 random(7);
    for (const int most : {1, 5, 700}) {
        MarkdownDocument document;
        for (qsizetype at = 0; at < text.size();) {
            const qsizetype size = 1 + static_cast<qsizetype>(random() % unsigned(most));
            const int first = document.append(QStringView(text).mid(at, size));
            QVERIFY(first <= int(document.blocks().size()));
            at += size;
        }
        document.finish();
        QCOMPARE(document.source(), reference.source());
        QCOMPARE(document.blocks().size(), reference.blocks().size());
        for (size_t i = 0; i < reference.blocks().size(); ++i) {
            QVERIFY2(document.blocks()[i] == reference.blocks()[i], qPrintable(reference.blocks()[i].content.text));
        }
    }
}

void TestMarkdown::costIsLinear_data() {
    QTest::addColumn<QString>("unit");
    QTest::newRow("mixed") << sample();
    QTest::newRow("paragraphs") << QStringLiteral("Some words of a paragraph that is quite ordinary.\n\n");
    QTest::newRow("no break") << QStringLiteral("word ");
    QTest::newRow("one word") << QStringLiteral("w");
    QTest::newRow("lines") << QStringLiteral("A line without an empty line after it\n");
    QTest::newRow("list") << QStringLiteral("- an item with **bold** text\n");
    QTest::newRow("code") << QStringLiteral("    indented code without end\n");
    QTest::newRow("stars") << QStringLiteral("**a *b ");
    QTest::newRow("table") << QStringLiteral("| a | b |\n|---|---|\n| 1 | 2 |\n");
}

void TestMarkdown::costIsLinear() {
    QFETCH(QString, unit);
    const auto cost = [&](const QString& head, qsizetype length) {
        const QString text = head + unit.repeated(length / unit.size());
        MarkdownDocument document;
        for (qsizetype at = 0; at < text.size(); at += 5) {
            document.append(QStringView(text).mid(at, 5));
        }
        document.finish();
        return document.parsedLength();
    };
    // Pieces of 5: at most 1,024 ÷ 5 parses of at most 1,024, then one a sixteenth.
    const qsizetype length = QLatin1String(QTest::currentDataTag()) == QLatin1String("mixed") ? 200 * 1024 : 40 * 1024;
    const qint64 small = cost({}, length / 4);
    const qint64 large = cost({}, length);
    QVERIFY2(large <= 130 * length, qPrintable(QString::number(large)));
    QVERIFY2(large <= 5 * small, qPrintable(QStringLiteral("%1 and %2").arg(small).arg(large)));
    // Inside a fence everything is taken once.
    if (!unit.contains(QStringLiteral("```"))) {
        QVERIFY(cost(QStringLiteral("```\n"), length) <= length + 100);
    }
}

void TestMarkdown::unclosedFenceIsCode() {
    MarkdownDocument document;
    document.append(u"Look:\n```py");
    document.append(u"thon\nx = 1\n");
    document.append(u"y = `2`");
    QCOMPARE(document.blocks().size(), size_t(2));
    QCOMPARE(document.blocks()[1].kind, Kind::Code);
    QCOMPARE(document.blocks()[1].language, QStringLiteral("python"));
    QCOMPARE(document.blocks()[1].content.text, QStringLiteral("x = 1\ny = `2`"));
    QVERIFY(document.grewCodeOnly());
    document.append(u"\n```\ndone");
    QVERIFY(!document.grewCodeOnly());
    QCOMPARE(document.blocks().size(), size_t(3));
    QCOMPARE(document.blocks()[1].content.text, QStringLiteral("x = 1\ny = `2`"));
    QCOMPARE(document.blocks()[2].content.text, QStringLiteral("done"));
}

void TestMarkdown::fenceOnItsWayIsNotShown() {
    MarkdownDocument document;
    document.append(u"```\na\n``");
    QCOMPARE(document.blocks()[0].content.text, QStringLiteral("a"));
    document.append(u" b");
    QCOMPARE(document.blocks()[0].content.text, QStringLiteral("a\n`` b"));
    // An answer often ends with the fence and no line break.
    QCOMPARE(whole(QStringLiteral("```\na\n```")).blocks()[0].content.text, QStringLiteral("a"));
}

void TestMarkdown::numbersContinue() {
    const MarkdownDocument document = whole(QStringLiteral("1. a\n1. b\n1. c\n\ntext\n\n7. d\n8. e\n"));
    QStringList markers;
    for (const MarkdownBlock& block : document.blocks()) {
        markers += block.marker;
    }
    QCOMPARE(markers, (QStringList{QStringLiteral("1."), QStringLiteral("2."), QStringLiteral("3."), QString(),
                                   QStringLiteral("7."), QStringLiteral("8.")}));
}

void TestMarkdown::htmlIsText() {
    const QString source = QStringLiteral("<script>alert(1)</script>\n\n<b>x</b> <img src=\"file:///etc/passwd\">");
    const MarkdownDocument document = whole(source);
    QCOMPARE(document.blocks().size(), size_t(2));
    QCOMPARE(document.blocks()[0].content.text, QStringLiteral("<script>alert(1)</script>"));
    QCOMPARE(document.blocks()[1].content.text, QStringLiteral("<b>x</b> <img src=\"file:///etc/passwd\">"));
}

void TestMarkdown::imagesAreTheirWords() {
    const MarkdownDocument document = whole(QStringLiteral("See ![a *red* fox](https://example.org/fox.png) here"));
    QCOMPARE(document.blocks()[0].content.text, QStringLiteral("See a red fox here"));
    QVERIFY(document.blocks()[0].content.links.isEmpty());
}

void TestMarkdown::onlyWebLinks() {
    const MarkdownDocument document =
        whole(QStringLiteral("[a](https://a.org) [b](file:///etc/passwd) [c](javascript:alert(1)) [d](mailto:d@e.org) "
                             "[e](data:text/html,x) [f](../x) [g](HTTP://g.org) <ftp://h.org>"));
    const RichText& text = document.blocks()[0].content;
    QCOMPARE(text.links, (QList<QString>{QStringLiteral("https://a.org"), QStringLiteral("mailto:d@e.org"),
                                         QStringLiteral("HTTP://g.org")}));
    QCOMPARE(text.text, QStringLiteral("a b c d e f g ftp://h.org"));
    QVERIFY(!isAllowedLink(QStringLiteral("java\tscript:alert(1)")));
    QVERIFY(!isAllowedLink(QStringLiteral(" file:///x")));
}

void TestMarkdown::controlCharactersAreNotShown() {
    const QString source =
        QStringLiteral("a\x1b[31mred\x1b[0m b\x07\x08\x7f c\u202Ed\u0085e\n\n```\nx\x1b[2Jy\x01z\n```\n");
    const MarkdownDocument document = whole(source);
    QCOMPARE(document.blocks()[0].content.text, QStringLiteral("ared b cde"));
    QCOMPARE(document.blocks()[1].content.text, QStringLiteral("xyz"));
    QCOMPARE(document.source(), source);
    QVERIFY(mapsBack(document.blocks()[0].content, source));
    QVERIFY(mapsBack(document.blocks()[1].content, source));
}

void TestMarkdown::offsetsMapBothWays() {
    const QString source = sample() + sample();
    const MarkdownDocument document = whole(source);
    int before = 0;
    for (const MarkdownBlock& block : document.blocks()) {
        QVERIFY(mapsBack(block.content, source));
        for (const RichText& cell : block.cells) {
            QVERIFY(mapsBack(cell, source));
        }
        QVERIFY(block.source_start >= before);
        QVERIFY(block.source_end <= source.size());
        before = block.source_start;
        for (int place = 0; place < block.content.text.size(); ++place) {
            const int offset = block.content.sourceOf(place);
            QVERIFY(block.content.displayOf(offset) <= place);
        }
    }
    const RichText& text = document.blocks()[1].content;
    const auto strong = static_cast<int>(source.indexOf(QStringLiteral("strong")));
    QCOMPARE(text.displayOf(strong), int(text.text.indexOf(QStringLiteral("strong"))));
    QCOMPARE(text.sourceOf(int(text.text.indexOf(QStringLiteral("strong")))), strong);
    const RichText& emoji = document.blocks()[17].content;
    const auto star = static_cast<int>(source.indexOf(QStringLiteral("*stars")));
    QCOMPARE(emoji.sourceOf(int(emoji.text.indexOf(QLatin1Char('*')))), star);
}

void TestMarkdown::longWordsAreDivided() {
    const MarkdownDocument document = whole(QString(100000, QLatin1Char('x')));
    qsizetype total = 0;
    for (const MarkdownBlock& block : document.blocks()) {
        QVERIFY(block.content.text.size() <= 16384);
        total += block.content.text.size();
    }
    QCOMPARE(total, qsizetype(100000));
}

void TestMarkdown::hostileTextEnds_data() {
    QTest::addColumn<QString>("unit");
    for (const char* unit : {"[", "![", "*a ", "`", "> ", "- ", "<", "&amp", "|", "\\", "a*_", "[a](", "](", "\t", "#",
                             "~~", "1. ", "\n> - "}) {
        QTest::newRow(unit) << QString::fromLatin1(unit);
    }
}

void TestMarkdown::hostileTextEnds() {
    QFETCH(QString, unit);
    const QString source = unit.repeated(100000 / unit.size());
    const MarkdownDocument document = whole(source);
    QVERIFY(document.parsedLength() <= 20 * source.size());
    for (const MarkdownBlock& block : document.blocks()) {
        QVERIFY(block.indent <= 12 && block.quote <= 12);
    }
}

void TestMarkdown::highlighter() {
    struct Case {
        const char* language;
        QString line;
        QList<CodeSpan> spans;
    };
    using T = CodeToken;
    const QList<Case> cases{
        {"py", QStringLiteral("def route(x): # top"), {{0, 3, T::Keyword}, {4, 5, T::Function}, {14, 5, T::Comment}}},
        {"c++",
         QStringLiteral("return f(1.5e3); // \"x\""),
         {{0, 6, T::Keyword}, {7, 1, T::Function}, {9, 5, T::Number}, {17, 6, T::Comment}}},
        {"js", QStringLiteral("const s = 'a\\'b';"), {{0, 5, T::Keyword}, {10, 6, T::String}}},
        {"bash", QStringLiteral("echo ${#x} # n"), {{0, 4, T::Keyword}, {11, 3, T::Comment}}},
        {"json",
         QStringLiteral("{\"a\": true, \"b\": 2}"),
         {{1, 3, T::String}, {6, 4, T::Keyword}, {12, 3, T::String}, {17, 1, T::Number}}},
        {"sql", QStringLiteral("Select x FROM t -- c"), {{0, 6, T::Keyword}, {9, 4, T::Keyword}, {16, 4, T::Comment}}},
        {"html",
         QStringLiteral("<a href=\"x\">it's</a>"),
         {{0, 2, T::Keyword},
          {3, 4, T::Function},
          {8, 3, T::String},
          {11, 1, T::Keyword},
          {16, 3, T::Keyword},
          {19, 1, T::Keyword}}},
        {"rust", QStringLiteral("fn f(x: u8) {}"), {{0, 2, T::Keyword}, {3, 1, T::Function}, {8, 2, T::Keyword}}},
        {"go", QStringLiteral("func main() {}"), {{0, 4, T::Keyword}, {5, 4, T::Function}}},
        {"java", QStringLiteral("int x = 0x1F;"), {{0, 3, T::Keyword}, {8, 4, T::Number}}},
    };
    for (const Case& one : cases) {
        const CodeLanguage* language = codeLanguage(QLatin1String(one.language));
        QVERIFY2(language != nullptr, one.language);
        int state = 0;
        QVERIFY2(highlightLine(*language, one.line, state) == one.spans, one.language);
        QCOMPARE(state, 0);
    }
    QVERIFY(codeLanguage(QStringLiteral("brainfuck")) == nullptr);
    QCOMPARE(codeLanguageTitle(QStringLiteral("PY")), QStringLiteral("Python"));
    QCOMPARE(codeLanguageTitle(QStringLiteral("zig")), QStringLiteral("zig"));
}

void TestMarkdown::highlighterCarriesState() {
    int state = 0;
    const CodeLanguage& cpp = *codeLanguage(QStringLiteral("cpp"));
    QCOMPARE(highlightLine(cpp, u"int /* open", state).last(), (CodeSpan{4, 7, CodeToken::Comment}));
    QVERIFY(state != 0);
    QCOMPARE(highlightLine(cpp, u"int x", state), (QList<CodeSpan>{{0, 5, CodeToken::Comment}}));
    QCOMPARE(highlightLine(cpp, u"end */ int", state),
             (QList<CodeSpan>{{0, 6, CodeToken::Comment}, {7, 3, CodeToken::Keyword}}));
    QCOMPARE(state, 0);
    const CodeLanguage& python = *codeLanguage(QStringLiteral("python"));
    highlightLine(python, u"x = '''a", state);
    QVERIFY(state != 0);
    highlightLine(python, u"b''' + 1", state);
    QCOMPARE(state, 0);
}

QTEST_GUILESS_MAIN(TestMarkdown)
#include "tst_markdown.moc"
