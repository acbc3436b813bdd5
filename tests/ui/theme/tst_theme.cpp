// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/colormap.h"
#include "ui/theme/designtokens.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QPushButton>
#include <QTest>

using namespace moescope::ui;

namespace {

QJsonObject tokens() {
    QFile file(QStringLiteral(MOESCOPE_RESOURCES "/theme/tokens.json"));
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

QString nameOf(Scheme scheme) { return scheme == Scheme::Light ? QStringLiteral("light") : QStringLiteral("dark"); }

constexpr Scheme kSchemes[] = {Scheme::Light, Scheme::Dark};

/** Counts palette changes as any painting widget would see them. */
class Watcher : public QWidget {
public:
    int changes = 0;
    QColor seen;

protected:
    void changeEvent(QEvent* event) override {
        if (event->type() == QEvent::PaletteChange) {
            ++changes;
            seen = theme().color(Color::Panel);
        }
        QWidget::changeEvent(event);
    }
};

} // namespace

class TestTheme : public QObject {
    Q_OBJECT
private slots:
    void colorsEqualTokens();
    void typesEqualTokens();
    void expertsAndMapsEqualTokens();
    void mapsRunOneWay();
    void mapsClampWhatIsOutside();
    void cellTextIsReadable();
    void textIsReadable();
    void fontsScaleButStayReadable();
    void everyIconDrawsInItsTint();
    void iconFollowsTheTheme();
    void pixmapsHaveTheRatioAsked();
    void widgetsHearOfAChange();
    void selectionLiesOutsideTheMark();
};

void TestTheme::colorsEqualTokens() {
    const QJsonObject all = tokens()[QStringLiteral("color")].toObject();
    for (const Scheme scheme : kSchemes) {
        const QJsonObject colors = all[nameOf(scheme)].toObject();
        QCOMPARE(colors.size(), qsizetype(kColorCount));
        const Theme tested(scheme);
        for (size_t i = 0; i < kColorCount; ++i) {
            const QString name = QLatin1String(kTokenColors[i].name);
            QVERIFY2(colors.contains(name), qPrintable(name));
            QCOMPARE(tested.color(static_cast<Color>(i)), QColor(colors[name].toString()));
        }
    }
    // The enum and the table are two lists in one order; these pin both ends and the middle.
    QCOMPARE(QLatin1String(kTokenColors[size_t(Color::Window)].name), QLatin1String("window"));
    QCOMPARE(QLatin1String(kTokenColors[size_t(Color::AccentTintStrong)].name), QLatin1String("accent-tint-strong"));
    QCOMPARE(QLatin1String(kTokenColors[size_t(Color::CodeFn)].name), QLatin1String("code-fn"));
}

void TestTheme::typesEqualTokens() {
    const QJsonObject types = tokens()[QStringLiteral("type")].toObject();
    QCOMPARE(types.size(), qsizetype(kTypeCount));
    const Theme tested(Scheme::Light);
    for (size_t i = 0; i < kTypeCount; ++i) {
        const QJsonObject type = types[QLatin1String(kTokenTypes[i].name)].toObject();
        const QFont font = tested.font(static_cast<TextStyle>(i));
        QCOMPARE(font.pixelSize(), type[QStringLiteral("px")].toInt());
        QCOMPARE(int(font.weight()), type[QStringLiteral("weight")].toInt());
        QCOMPARE(tested.lineHeight(static_cast<TextStyle>(i)), type[QStringLiteral("line")].toInt());
    }
}

void TestTheme::expertsAndMapsEqualTokens() {
    const QJsonObject all = tokens();
    for (const Scheme scheme : kSchemes) {
        const Theme tested(scheme);
        const QJsonArray experts = all[QStringLiteral("expert")].toObject()[nameOf(scheme)].toArray();
        QCOMPARE(experts.size(), 16);
        for (int i = 0; i < 16; ++i) {
            QCOMPARE(tested.expertStrong(i), QColor(experts[i][QStringLiteral("strong")].toString()));
            QCOMPARE(tested.expertTint(i), QColor(experts[i][QStringLiteral("tint")].toString()));
            QCOMPARE(tested.expertStrong(i + 112), tested.expertStrong(i));
        }
        const QJsonObject maps = all[QStringLiteral("map")].toObject();
        const QJsonArray warm = maps[QStringLiteral("sequential")].toObject()[nameOf(scheme)].toArray();
        const QJsonArray both = maps[QStringLiteral("diverging")].toObject()[nameOf(scheme)].toArray();
        const size_t side = scheme == Scheme::Light ? 0 : 1;
        for (int i = 0; i < 9; ++i) {
            QCOMPARE(QColor(QRgb(kSequentialStops[side][size_t(i)])), QColor(warm[i].toString()));
            QCOMPARE(QColor(QRgb(kDivergingStops[side][size_t(i)])), QColor(both[i].toString()));
            // Stops fall between table entries, so a stop is met within half a step of the map.
            const QColor near = tested.sequential(i / 8.0);
            const QColor stop(warm[i].toString());
            QVERIFY(qAbs(near.red() - stop.red()) <= 3 && qAbs(near.green() - stop.green()) <= 3 &&
                    qAbs(near.blue() - stop.blue()) <= 4);
        }
        QCOMPARE(tested.sequential(0.0), QColor(warm[0].toString()));
        QCOMPARE(tested.sequential(1.0), QColor(warm[8].toString()));
        QCOMPARE(tested.diverging(0.25), QColor(both[0].toString()));
        QCOMPARE(tested.diverging(4.0), QColor(both[8].toString()));
    }
}

void TestTheme::mapsRunOneWay() {
    for (const Scheme scheme : kSchemes) {
        const Theme tested(scheme);
        const QColor black(Qt::black);
        for (int i = 1; i < 256; ++i) {
            const double before = contrast(tested.sequential((i - 1) / 255.0), black);
            const double here = contrast(tested.sequential(i / 255.0), black);
            QVERIFY2(scheme == Scheme::Light ? here <= before : here >= before, qPrintable(QString::number(i)));
        }
    }
}

void TestTheme::mapsClampWhatIsOutside() {
    const Theme tested(Scheme::Dark);
    QCOMPARE(tested.sequential(-1.0), tested.sequential(0.0));
    QCOMPARE(tested.sequential(7.0), tested.sequential(1.0));
    QCOMPARE(tested.sequential(qQNaN()), tested.sequential(0.0));
    QCOMPARE(tested.diverging(0.0), tested.diverging(0.25));
    QCOMPARE(tested.diverging(-3.0), tested.diverging(0.25));
    QCOMPARE(tested.diverging(100.0), tested.diverging(4.0));
    QCOMPARE(tested.diverging(qInf()), tested.diverging(4.0));
    QCOMPARE(tested.diverging(qQNaN()), tested.diverging(0.25));
}

void TestTheme::cellTextIsReadable() {
    for (const Scheme scheme : kSchemes) {
        const Theme tested(scheme);
        for (int i = 0; i < 256; ++i) {
            const QColor warm = tested.sequential(i / 255.0);
            const QColor both = tested.diverging(std::exp2(i / 255.0 * 4.0 - 2.0));
            QVERIFY(contrast(warm, Theme::textOn(warm)) >= 4.5);
            QVERIFY(contrast(both, Theme::textOn(both)) >= 4.5);
        }
    }
}

void TestTheme::textIsReadable() {
    for (const Scheme scheme : kSchemes) {
        const Theme tested(scheme);
        for (const Color text :
             {Color::Text, Color::TextSecondary, Color::TextMuted, Color::AccentText, Color::Warn, Color::Error}) {
            for (const Color surface : {Color::Panel, Color::Window, Color::Sunken, Color::Raised, Color::Hover,
                                        Color::AccentTint, Color::AccentTintStrong}) {
                QVERIFY(contrast(tested.color(text), tested.color(surface)) >= 4.5);
            }
        }
        QVERIFY(contrast(tested.color(Color::OnAccent), tested.color(Color::Accent)) >= 4.5);
    }
}

void TestTheme::fontsScaleButStayReadable() {
    QCOMPARE(Theme(Scheme::Light, 1.5).font(TextStyle::Body).pixelSize(), 21);
    QCOMPARE(Theme(Scheme::Light, 1.5).lineHeight(TextStyle::Body), 33);
    QCOMPARE(Theme(Scheme::Light, 0.9).font(TextStyle::Axis).pixelSize(), 11);
}

void TestTheme::everyIconDrawsInItsTint() {
    const QStringList files = QDir(QStringLiteral(MOESCOPE_RESOURCES "/icons")).entryList({QStringLiteral("*.svg")});
    QCOMPARE(files.size(), 64);
    const QColor tint(10, 200, 30);
    for (const QString& file : files) {
        const QString name = file.chopped(4);
        const QImage image = theme().pixmap(name, 32, tint, 1.0).toImage();
        QCOMPARE(image.size(), QSize(32, 32));
        int drawn = 0;
        for (int y = 0; y < 32; ++y) {
            for (int x = 0; x < 32; ++x) {
                const QColor pixel = image.pixelColor(x, y);
                drawn += pixel.alpha() > 0;
                if (pixel.alpha() == 255 && name != QStringLiteral("moescope")) {
                    QVERIFY2(pixel.green() > 190 && pixel.red() < 20, qPrintable(name));
                }
            }
        }
        QVERIFY2(drawn > 20, qPrintable(name));
    }
}

void TestTheme::iconFollowsTheTheme() {
    const QIcon icon = theme().icon(QStringLiteral("stop"));
    const auto strongest = [&](QIcon::Mode mode, QIcon::State state) {
        const QImage image = icon.pixmap(QSize(64, 64), 1.0, mode, state).toImage();
        QColor found(0, 0, 0, 0);
        for (int i = 0; i < 64 * 64; ++i) {
            const QColor pixel = image.pixelColor(i % 64, i / 64);
            found = pixel.alpha() > found.alpha() ? pixel : found;
        }
        return found;
    };
    for (const Scheme scheme : kSchemes) {
        setTheme(*qApp, Theme(scheme));
        QCOMPARE(strongest(QIcon::Normal, QIcon::Off), theme().color(Color::TextSecondary));
        QCOMPARE(strongest(QIcon::Normal, QIcon::On), theme().color(Color::AccentText));
        QCOMPARE(strongest(QIcon::Disabled, QIcon::Off), theme().color(Color::TextDisabled));
    }
}

void TestTheme::pixmapsHaveTheRatioAsked() {
    const QPixmap pixmap = theme().pixmap(QStringLiteral("search"), 16, Qt::red, 2.0);
    QCOMPARE(pixmap.size(), QSize(32, 32));
    QCOMPARE(pixmap.devicePixelRatio(), 2.0);
    QCOMPARE(pixmap.deviceIndependentSize(), QSizeF(16, 16));
}

void TestTheme::widgetsHearOfAChange() {
    setTheme(*qApp, Theme(Scheme::Light));
    Watcher watcher;
    watcher.show();
    watcher.changes = 0;
    setTheme(*qApp, Theme(Scheme::Dark));
    QVERIFY(watcher.changes >= 1);
    QCOMPARE(watcher.seen, Theme(Scheme::Dark).color(Color::Panel));
    QCOMPARE(watcher.palette().color(QPalette::Window), Theme(Scheme::Dark).color(Color::Window));
    watcher.changes = 0;
    setTheme(*qApp, Theme(Scheme::Dark, 1.25));
    QVERIFY(watcher.changes >= 1);
    QCOMPARE(QApplication::font().pixelSize(), 16);
    setTheme(*qApp, theme()); // the current one may be given again
    QCOMPARE(theme().fontScale(), 1.25);
    setTheme(*qApp, Theme(Scheme::Light));
}

void TestTheme::selectionLiesOutsideTheMark() {
    setTheme(*qApp, Theme(Scheme::Light));
    QImage image(30, 30, QImage::Format_RGB32);
    image.fill(Qt::red);
    QPainter painter(&image);
    paintSelection(painter, QRectF(10, 10, 8, 8));
    painter.end();
    QCOMPARE(image.pixelColor(10, 10), QColor(Qt::red));
    QCOMPARE(image.pixelColor(17, 17), QColor(Qt::red));
    QCOMPARE(image.pixelColor(9, 14), theme().color(Color::Panel));
    QCOMPARE(image.pixelColor(8, 14), theme().color(Color::AccentText));
    QCOMPARE(image.pixelColor(7, 14), theme().color(Color::AccentText));
    QCOMPARE(image.pixelColor(6, 14), QColor(Qt::red));
    QCOMPARE(image.pixelColor(20, 20), theme().color(Color::AccentText));
    QCOMPARE(image.pixelColor(21, 20), QColor(Qt::red));
}

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
