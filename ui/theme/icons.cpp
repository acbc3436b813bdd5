// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/icons.h"

#include "ui/theme/theme.h"

#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <cmath>

// Q_INIT_RESOURCE must stand outside any namespace: the resource lives in a static library.
static void initIcons() { Q_INIT_RESOURCE(icons); }

namespace moescope::ui {

namespace {

QByteArray sourceOf(const QString& name) {
    static const bool ready = [] {
        initIcons();
        return true;
    }();
    Q_UNUSED(ready);
    static QHash<QString, QByteArray> sources;
    const auto found = sources.constFind(name);
    if (found != sources.constEnd()) {
        return *found;
    }
    QFile file(QStringLiteral(":/moescope/icons/%1.svg").arg(name));
    const bool opened = file.open(QIODevice::ReadOnly);
    Q_ASSERT_X(opened, "iconPixmap", qPrintable(name));
    const QByteArray source = opened ? file.readAll() : QByteArray();
    sources.insert(name, source);
    return source;
}

QColor tintFor(QIcon::Mode mode, QIcon::State state) {
    if (mode == QIcon::Disabled) {
        return theme().color(Color::TextDisabled);
    }
    return theme().color(state == QIcon::On ? Color::AccentText : Color::TextSecondary);
}

class ThemedIconEngine final : public QIconEngine {
public:
    explicit ThemedIconEngine(QString name) : m_name(std::move(name)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
        const int side = std::min(rect.width(), rect.height());
        const double ratio = painter->device()->devicePixelRatioF();
        const QPixmap drawn = iconPixmap(m_name, side, tintFor(mode, state), ratio);
        painter->drawPixmap(QPoint(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2), drawn);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        return scaledPixmap(size, mode, state, 1.0);
    }

    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override {
        // Qt hands the size in device pixels here.
        const double ratio = std::max(scale, 1.0);
        const int side = static_cast<int>(std::lround(std::min(size.width(), size.height()) / ratio));
        return iconPixmap(m_name, side, tintFor(mode, state), ratio);
    }

    QSize actualSize(const QSize& size, QIcon::Mode, QIcon::State) override { return size; }
    QString key() const override { return QStringLiteral("moescope"); }
    QString iconName() override { return m_name; }
    QIconEngine* clone() const override { return new ThemedIconEngine(*this); }

private:
    QString m_name;
};

} // namespace

QPixmap iconPixmap(const QString& name, int size, const QColor& tint, double devicePixelRatio) {
    const QString key =
        QStringLiteral("moescope/%1/%2/%3/%4").arg(name).arg(size).arg(tint.rgba(), 0, 16).arg(devicePixelRatio);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap)) {
        return pixmap;
    }
    const int side = std::max(1, static_cast<int>(std::lround(size * devicePixelRatio)));
    pixmap = QPixmap(side, side);
    pixmap.fill(Qt::transparent);
    QByteArray source = sourceOf(name);
    QColor opaque = tint;
    opaque.setAlpha(255);
    source.replace("currentColor", opaque.name(QColor::HexRgb).toLatin1());
    QSvgRenderer renderer(source);
    QPainter painter(&pixmap);
    painter.setOpacity(tint.alphaF());
    renderer.render(&painter, QRectF(0, 0, side, side));
    painter.end();
    pixmap.setDevicePixelRatio(devicePixelRatio);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QIcon themedIcon(const QString& name) { return QIcon(new ThemedIconEngine(name)); }

} // namespace moescope::ui
