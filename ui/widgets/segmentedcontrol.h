// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QStringList>
#include <QWidget>

namespace moescope::ui {

/** A row of segments of which one is on, or none after clear(). One tab stop; arrows, Home and End move the choice. */
class SegmentedControl : public QWidget {
    Q_OBJECT
public:
    /** Needs an accessible name: the other constructor takes it. */
    explicit SegmentedControl(const QStringList& segments, QWidget* parent = nullptr);
    SegmentedControl(const QString& name, const QStringList& segments, QWidget* parent = nullptr);

    /** The form of dock titles: 24 px high in the panels' text size. */
    void setSmall(bool small);

    int count() const { return static_cast<int>(m_segments.size()); }
    int currentIndex() const { return m_current; }
    QString textAt(int index) const { return m_segments.value(index); }
    QRect segmentRect(int index) const;
    /** Ignores an index outside the row. */
    void setCurrentIndex(int index);
    /** None is on, so that each can be chosen; emits nothing. */
    void clear();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    /** By the user or by setCurrentIndex(). */
    void currentIndexChanged(int index);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QFont segmentFont(bool chosen) const;
    int side() const;
    int segmentAt(const QPoint& position) const;
    void describe();

    QStringList m_segments;
    int m_current = 0;
    int m_hovered = -1;
    bool m_small = false;
};

} // namespace moescope::ui
