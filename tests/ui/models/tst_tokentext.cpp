// SPDX-License-Identifier: Apache-2.0
#include "ui/models/tokentext.h"

#include <QTest>

using namespace moescope::ui;

class TestTokenText : public QObject {
    Q_OBJECT
private slots:
    void classes_data();
    void classes();
    void labels_data();
    void labels();
    void names();
};

void TestTokenText::classes_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("kind");
    const auto row = [](const char* name, const QByteArray& bytes, TokenClass kind) {
        QTest::newRow(name) << bytes << int(kind);
    };
    row("word", " boat", TokenClass::Word);
    row("accents", "Größe", TokenClass::Word);
    row("contraction", "'t", TokenClass::Word);
    row("hyphen inside", "well-known", TokenClass::Word);
    row("digits", "1234", TokenClass::Digits);
    row("decimal", " 3.14", TokenClass::Digits);
    row("arabic digits", "٣٤", TokenClass::Digits);
    row("full stop", ".", TokenClass::Punctuation);
    row("quotes", " “", TokenClass::Punctuation);
    row("plus", "+", TokenClass::Symbol);
    row("emoji", "🦊", TokenClass::Symbol);
    row("han", "狐狸", TokenClass::Cjk);
    row("kana", "きつね", TokenClass::Cjk);
    row("hangul", " 여우", TokenClass::Cjk);
    row("spaces", "   ", TokenClass::Whitespace);
    row("break", " \n\n", TokenClass::LineBreak);
    row("mixed", "x1", TokenClass::Mixed);
    row("word and stop", "end.", TokenClass::Mixed);
    row("part", "\xE7\x8B", TokenClass::Bytes);
    row("stray", "\x80", TokenClass::Bytes);
    row("overlong", "\xC0\xAF", TokenClass::Bytes);
    row("surrogate", "\xED\xA0\x80", TokenClass::Bytes);
    row("empty", "", TokenClass::Whitespace);
}

void TestTokenText::classes() {
    QFETCH(QByteArray, bytes);
    const TokenClass kind = tokenClass(bytes.toStdString());
    QTEST(int(kind), "kind");
    QVERIFY(!tokenClassName(kind).isEmpty());
}

void TestTokenText::labels_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("label");
    QTest::newRow("space") << QByteArray(" boat") << QStringLiteral("·boat");
    QTest::newRow("breaks") << QByteArray("\n\n") << QStringLiteral("↵↵");
    QTest::newRow("tab") << QByteArray("\tx") << QStringLiteral("→x");
    QTest::newRow("part") << QByteArray("\xE7\x8B") << QStringLiteral("‹E7›‹8B›");
    QTest::newRow("escape") << QByteArray("\x1B[0m") << QStringLiteral("‹1B›[0m");
    QTest::newRow("override") << QByteArray("\xE2\x80\xAE"
                                            "abc")
                              << QStringLiteral("‹U+202E›abc");
    QTest::newRow("fox") << QByteArray("🦊") << QStringLiteral("🦊");
    QTest::newRow("markup") << QByteArray("<b>") << QStringLiteral("<b>");
}

void TestTokenText::labels() {
    QFETCH(QByteArray, bytes);
    QTEST(tokenLabel(bytes.toStdString()), "label");
}

void TestTokenText::names() {
    QCOMPARE(tokenName(QStringLiteral(" boat")), QStringLiteral("boat"));
    QCOMPARE(tokenName(QStringLiteral(".\n")), QStringLiteral(".↵"));
    QCOMPARE(tokenName(QStringLiteral("\n\n")), QStringLiteral("↵↵"));
    QCOMPARE(tokenName(QStringLiteral("   ")), QStringLiteral("·"));
    QCOMPARE(tokenName(QString()), QString());
    QCOMPARE(tokenName(tokenLabel(" boat")), QStringLiteral("boat")); // a label names itself
    QCOMPARE(tokenNumber(0), QStringLiteral("1"));
    QCOMPARE(tokenNumber(1233), QStringLiteral("1,234"));
}

QTEST_GUILESS_MAIN(TestTokenText)
#include "tst_tokentext.moc"
