// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/modelfit.h"

#include <QWidget>

#include <array>

class QLabel;

namespace moescope::ui {

class ElidedLabel;

/** What a model's memory is for, in the order of the bar. */
struct MemoryPart {
    QString name;
    QString note; ///< types of the weights or of the cache
    quint64 bytes = 0;
};
constexpr int kMemoryParts = 5;
using MemoryParts = std::array<MemoryPart, kMemoryParts>; ///< routed, shared, rest, KV, workspace

MemoryParts memoryParts(const trace::MemoryNeeds& needs, quint32 context, trace::KvType kv);
QColor memoryColor(int part);

/** The parts side by side on one scale with what is free: a line there, hatched red what is too much. */
class MemoryBar : public QWidget {
    Q_OBJECT
public:
    explicit MemoryBar(QWidget* parent = nullptr);

    /** `free` 0: not known, and no line. */
    void setParts(const MemoryParts& parts, quint64 free);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {160, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void paintLabels(QPainter& painter, int freeAt, int neededAt) const;

    MemoryParts m_parts;
    quint64 m_free = 0;
    quint64 m_needed = 0;
};

/** The same values in words: the twin of the bar. */
class MemoryList : public QWidget {
    Q_OBJECT
public:
    explicit MemoryList(QWidget* parent = nullptr);
    void setParts(const MemoryParts& parts);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Row {
        QWidget* swatch;
        ElidedLabel* name;
        QLabel* bytes;
        ElidedLabel* note;
        QLabel* percent;
    };
    void placePercent();

    std::array<Row, kMemoryParts> m_rows;
};

} // namespace moescope::ui
